package dev.tare.engine.onnx.view;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tare.engine.recipe.DefaultRecipe;
import dev.tare.testkit.Models;
import dev.tare.testkit.SmallModels;
import org.junit.jupiter.api.Test;

class DefaultRecipeTest {

  private static DefaultRecipe of(Models model) {
    return DefaultRecipe.of(OnnxGraph.of(model.build()));
  }

  private static Models attention() {
    return Models.opset(17)
        .input("x", "batch", 4, 8)
        .weight("wq", 8, 8)
        .weight("wk", 8, 8)
        .node("MatMul", "x wq", "q")
        .node("MatMul", "x wk", "k")
        .node("Transpose", "k", "t", Models.ints("perm", 0L, 2L, 1L))
        .node("MatMul", "q t", "scores")
        .node("Softmax", "scores", "shares")
        .node("MatMul", "shares x", "y");
  }

  @Test
  void plainProductsTakeInt8() {
    assertThat(of(SmallModels.mlp())).isEqualTo(new DefaultRecipe("int8", "3 products"));
  }

  @Test
  void convolutionsTakeInt8Cnn() {
    assertThat(of(SmallModels.cnn()).name()).isEqualTo("int8-cnn");
    assertThat(
            of(
                Models.opset(13)
                    .input("x", "batch", 4, 8, 8)
                    .weight("w", 4, 1, 3, 3)
                    .node("Conv", "x w", "y", Models.integer("group", 4))
                    .output("y")))
        .isEqualTo(new DefaultRecipe("int8-cnn", "1 convolution, 1 of them depthwise"));
  }

  /** Boxes in pixels and scores of a detector's head, joined as YOLO's exporters join them. */
  private static Models detector(String boxes) {
    return Models.opset(13)
        .input("x", "batch", 4, 8, 8)
        .weight("w", 4, 4, 1, 1)
        .weight("v", 2, 4, 1, 1)
        .weight("stride", 1)
        .node("Conv", "x w", "b")
        .node("Conv", "x v", "c")
        .node(boxes, boxes.equals("Mul") ? "b stride" : "b", "boxes")
        .node("Sigmoid", "c", "scores")
        .node("Transpose", "scores", "t", Models.ints("perm", 0L, 1L, 2L, 3L))
        .node("Concat", "boxes t", "joined", Models.integer("axis", 1))
        .node("Identity", "joined", "y")
        .output("y");
  }

  @Test
  void scoresBesideCoordinatesTakeRangesOfTheLeastSquaredError() {
    assertThat(of(detector("Mul")))
        .isEqualTo(
            new DefaultRecipe(
                "int8-cnn-mse",
                "2 convolutions; scores and numbers of another scale in one output"));
    assertThat(of(detector("Sigmoid"))).isEqualTo(new DefaultRecipe("int8-cnn", "2 convolutions"));
  }

  @Test
  void attentionTakesInt8Transformer() {
    assertThat(of(attention().output("y")))
        .isEqualTo(new DefaultRecipe("int8-transformer", "attention; 2 products"));
  }

  @Test
  void moreConvolutionsThanProductsTakeInt8CnnDespiteAttention() {
    Models model = attention().weight("c", 4, 4, 1);
    model.node("Conv", "y c", "y1").node("Conv", "y1 c", "y2").node("Conv", "y2 c", "y3");
    assertThat(of(model.output("y3")))
        .isEqualTo(new DefaultRecipe("int8-cnn", "attention; 3 convolutions; 2 products"));
  }

  @Test
  void layerNormalizationTakesInt8Transformer() {
    assertThat(
            of(
                Models.opset(17)
                    .input("x", "batch", 8)
                    .weight("w", 8, 8)
                    .weight("g", 8)
                    .node("LayerNormalization", "x g", "n")
                    .node("MatMul", "n w", "y")
                    .output("y")))
        .isEqualTo(new DefaultRecipe("int8-transformer", "layer normalization; 1 product"));
  }
}
