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
