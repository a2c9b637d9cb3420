package dev.tare.engine.onnx.view;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tare.engine.onnx.proto.GraphProto;
import dev.tare.engine.onnx.proto.TensorProto;
import dev.tare.testkit.Models;
import dev.tare.testkit.SmallModels;
import java.util.List;
import org.junit.jupiter.api.Test;

class ValueShapesTest {

  private static Models rows() {
    return Models.opset(13).input("x", "batch", 4).weight("w", 4, 4);
  }

  @Test
  void ordinaryModelsHaveNone() {
    assertThat(ValueShapes.in(SmallModels.mlp().build())).isFalse();
    assertThat(ValueShapes.in(SmallModels.cnn().build())).isFalse();
  }

  @Test
  void rowsChosenByValueAre() {
    assertThat(ValueShapes.in(rows().node("NonZero", "x", "y").output("y").build())).isTrue();
    assertThat(
            ValueShapes.in(
                rows()
                    .node("ReduceMax", "x", "n", Models.integer("keepdims", 0))
                    .node("Cast", "n", "count", Models.integer("to", 7))
                    .node("ConstantOfShape", "count", "y")
                    .output("y")
                    .build()))
        .isTrue();
  }

  @Test
  void shapesComputedFromShapesAreNot() {
    assertThat(
            ValueShapes.in(
                rows()
                    .node("Shape", "x", "shape")
                    .node("ConstantOfShape", "shape", "zeros")
                    .node("NonZero", "zeros", "places")
                    .node("Expand", "x shape", "wide")
                    .node("Reshape", "wide shape", "y")
                    .output("y", "places")
                    .build()))
        .isFalse();
    assertThat(ValueShapes.in(rows().node("NonZero", "w", "y").output("y").build())).isFalse();
  }

  @Test
  void branchesAreLookedInto() {
    assertThat(ValueShapes.in(branching("x").build())).isTrue();
    assertThat(ValueShapes.in(branching("w").build())).isFalse();
  }

  /** The condition is a constant, what the branch asks for is not. */
  private static Models branching(String asked) {
    GraphProto.Builder then = GraphProto.newBuilder().setName("then");
    then.addNode(Models.nodeOf("NonZero", "", List.of(asked), List.of("places")));
    then.addOutput(Models.info("places", TensorProto.DataType.INT64, 2, "n"));
    GraphProto.Builder other = GraphProto.newBuilder().setName("other");
    other.addNode(Models.nodeOf("NonZero", "", List.of("w"), List.of("same")));
    other.addOutput(Models.info("same", TensorProto.DataType.INT64, 2, "n"));
    return rows()
        .node("Shape", "w", "shape")
        .node("ReduceMax", "shape", "most", Models.integer("keepdims", 0))
        .node("Cast", "most", "yes", Models.integer("to", 9))
        .node(
            "If", "yes", "y", Models.graph("then_branch", then), Models.graph("else_branch", other))
        .output("y");
  }
}
