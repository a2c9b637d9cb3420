package dev.tare.engine.onnx.prepare;

import static org.assertj.core.api.Assertions.assertThat;

import ai.onnxruntime.OrtSession.SessionOptions.OptLevel;
import dev.tare.engine.graph.QuantizableNode;
import dev.tare.engine.onnx.OnnxModel;
import dev.tare.engine.onnx.Reference;
import dev.tare.engine.onnx.graph.TensorCodec;
import dev.tare.engine.onnx.proto.AttributeProto;
import dev.tare.engine.onnx.proto.NodeProto;
import dev.tare.engine.onnx.proto.TensorProto;
import dev.tare.engine.onnx.view.OnnxGraph;
import dev.tare.engine.tensor.DType;
import dev.tare.engine.tensor.Tensor;
import dev.tare.testkit.Models;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Weights behind operators that only arrange values are weights. */
class ConstantFoldTest {

  private static final Tensor ROWS = Reference.gaussian(4, 3, 6);

  private static Models rows() {
    return Models.opset(13)
        .input("x", "batch", 6)
        .constant(TensorCodec.longs("zero", List.of(0L)))
        .constant(TensorCodec.longs("matrix", List.of(6L, -1L)))
        .constant(TensorCodec.longs("copied", List.of(0L, 4L)))
        .weight("w", 6, 4)
        .weight("t", 4, 6)
        .weight("flat", 24)
        .weight("deep", 1, 6, 4)
        .weight("cube", 6, 2, 2);
  }

  private static Models packed() {
    return rows()
        .weight("qkv", 6, 12)
        .constant(Models.longs("one", 1L))
        .constant(Models.longs("three", 3L))
        .constant(Models.longs("four", 4L))
        .constant(Models.longs("eight", 8L))
        .constant(Models.longs("last", -1L))
        .constant(Models.longs("before", Long.MIN_VALUE))
        .constant(Models.longs("end", Long.MAX_VALUE));
  }

  private static TensorProto doubles(String name, long... dims) {
    float[] floats = TensorCodec.decode(Models.gaussian(name, dims)).toFloatArray();
    ByteBuffer bytes = ByteBuffer.allocate(8 * floats.length).order(ByteOrder.LITTLE_ENDIAN);
    for (float value : floats) {
      bytes.putDouble(value / 3.0);
    }
    return TensorCodec.encode(name, DType.FLOAT64, List.of(dims[0], dims[1]), bytes.flip());
  }

  /** Prepared, with a product whose weight is the named tensor, and bits as before. */
  private static OnnxModel assertFolded(Models models, String weight) {
    OnnxModel model =
        models.node("MatMul", "mm", List.of("x", weight), List.of("y")).output("y").build();
    assertThat(OnnxGraph.of(model).nodes()).isEmpty();
    OnnxModel prepared = GraphPreparation.prepare(model);
    assertThat(OnnxGraph.of(prepared).nodes())
        .extracting(QuantizableNode::weight)
        .containsExactly(weight);
    assertThat(prepared.graph().getNodeList())
        .extracting(NodeProto::getOpType)
        .containsExactly("MatMul");
    assertThat(prepared.nodeNames()).containsExactly("mm");
    assertThat(Reference.run(prepared, Map.of("x", ROWS), OptLevel.NO_OPT))
        .isEqualTo(Reference.run(model, Map.of("x", ROWS), OptLevel.NO_OPT));
    assertThat(GraphPreparation.prepare(prepared)).isSameAs(prepared);
    assertThat(GraphPreparation.prepare(model).toByteArray()).isEqualTo(prepared.toByteArray());
    return prepared;
  }

  @Test
  void weightsBehindOperatorsThatArrangeBecomeInitializers() {
    AttributeProto swap = Models.ints("perm", 1L, 0L);
    AttributeProto toFloat = Models.integer("to", 1);
    assertFolded(rows().node("Transpose", "t", "v", swap), "v");
    assertFolded(rows().node("Transpose", "t", "v"), "v");
    assertFolded(rows().node("Reshape", "flat matrix", "v"), "v");
    assertFolded(rows().node("Reshape", "w copied", "v"), "v");
    assertFolded(rows().node("Squeeze", "deep zero", "v"), "v");
    assertFolded(rows().node("Squeeze", "deep", "v"), "v");
    assertFolded(rows().node("Flatten", "cube", "v", Models.integer("axis", 1)), "v");
    assertFolded(rows().node("Flatten", "cube", "v", Models.integer("axis", -2)), "v");
    assertFolded(rows().node("Cast", "w", "v", toFloat), "v");
    assertFolded(rows().constant(doubles("wide", 6, 4)).node("Cast", "wide", "v", toFloat), "v");
    assertFolded(
        rows()
            .constant(doubles("wide", 4, 6))
            .node("Transpose", "wide", "a", swap)
            .node("Identity", "a", "b")
            .node("Cast", "b", "c", toFloat)
            .node("Unsqueeze", "c zero", "d")
            .node("Squeeze", "d zero", "v"),
        "v");
  }

  @Test
  void partsOfConstantsAndConstantsJoinedAreWeights() {
    for (String places :
        List.of(
            "qkv four eight one",
            "qkv eight end one",
            "qkv last before one last",
            "qkv zero end one three")) {
      assertFolded(packed().node("Slice", places, "v"), "v");
    }
    assertFolded(rows().node("Concat", "w w", "v", Models.integer("axis", 1)), "v");
    assertFolded(
        rows()
            .weight("top", 2, 4)
            .weight("rest", 4, 4)
            .node("Concat", "top rest", "v", Models.integer("axis", -2)),
        "v");
  }

  @Test
  void joinedConstantsThatDoubleWithoutEndAreLeft() {
    Models models = rows();
    String last = "w";
    for (int i = 0; i < 15; i++) {
      models.node("Concat", last + " " + last, "v" + i, Models.integer("axis", 1));
      last = "v" + i;
    }
    OnnxModel model = models.node("MatMul", "x " + last, "y").output("y").build();
    assertThat(GraphPreparation.prepare(model)).isSameAs(model);
  }

  @Test
  void axesOfMoreDimensionsAreMovedAsTheRuntimeMovesThem() {
    Models models =
        Models.opset(13)
            .input("x", "batch", 3, 5, 6)
            .weight("w", 3, 2, 4, 3)
            .node("Transpose", "w", "k", Models.ints("perm", 2L, 0L, 3L, 1L))
            .node("Conv", "x k", "y")
            .output("y");
    OnnxModel model = models.build();
    OnnxModel prepared = GraphPreparation.prepare(model);
    assertThat(OnnxGraph.of(prepared).nodes())
        .extracting(QuantizableNode::weight)
        .containsExactly("k");
    Map<String, Tensor> in = Map.of("x", Reference.gaussian(2, 1, 3, 5, 6));
    assertThat(Reference.run(prepared, in, OptLevel.NO_OPT))
        .isEqualTo(Reference.run(model, in, OptLevel.NO_OPT));
  }

  @Test
  void aConstantThatSomethingElseReadsStays() {
    OnnxModel model =
        rows()
            .input("ids", TensorProto.DataType.INT64, "n")
            .node("Gather", "t ids", "rows")
            .node("Transpose", "t", "head")
            .node("MatMul", "x head", "y")
            .output("y", "rows")
            .build();
    OnnxModel prepared = GraphPreparation.prepare(model);
    assertThat(prepared.constants().contains("t")).isTrue();
    assertThat(prepared.constants().contains("head")).isTrue();
  }

  @Test
  void aModelGrowsByNoMoreThanItsConstants() {
    Models models = Models.opset(13).input("x", "batch", 6).weight("t", 4, 6);
    for (int i = 0; i < 9; i++) {
      models.node("Transpose", "t", "v" + i).node("MatMul", "x v" + i, "y" + i).output("y" + i);
    }
    OnnxModel model = models.build();
    OnnxModel prepared = GraphPreparation.prepare(model);
    assertThat(prepared.constantBytes()).isEqualTo(2 * model.constantBytes());
  }

  @Test
  void whatTheStandardDoesNotAllowIsLeft() {
    for (Models models :
        List.of(
            rows().node("Transpose", "t", "v", Models.ints("perm", 0L, 0L)),
            rows().node("Transpose", "t", "v", Models.ints("perm", 5L, 0L)),
            rows().constant(Models.longs("odd", 5L, -1L)).node("Reshape", "flat odd", "v"),
            rows().constant(Models.longs("two", 1L)).node("Squeeze", "deep two", "v"),
            rows().node("Flatten", "cube", "v", Models.integer("axis", 9)),
            rows().node("Concat", "w t", "v", Models.integer("axis", 1)),
            rows().node("Concat", "w w", "v", Models.integer("axis", 2)),
            rows().node("Slice", "w zero zero zero zero", "v"),
            rows().node("Slice", "w zero matrix zero", "v"),
            rows().node("Cast", "w", "v", Models.integer("to", 10)))) {
      OnnxModel model = models.node("MatMul", "x v", "y").output("y").build();
      assertThat(GraphPreparation.prepare(model)).isSameAs(model);
    }
  }

  @Test
  void anOutputOfTheGraphIsLeft() {
    OnnxModel model =
        rows().node("Transpose", "t", "v").node("MatMul", "x v", "y").output("y", "v").build();
    assertThat(GraphPreparation.prepare(model)).isSameAs(model);
  }
}
