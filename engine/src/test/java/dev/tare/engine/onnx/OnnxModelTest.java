package dev.tare.engine.onnx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.tare.engine.graph.QuantizableNode;
import dev.tare.engine.graph.SkippedNode;
import dev.tare.engine.model.TensorInfo;
import dev.tare.engine.onnx.graph.TensorCodec;
import dev.tare.engine.onnx.proto.TensorProto;
import dev.tare.engine.onnx.view.OnnxGraph;
import dev.tare.engine.onnx.view.OnnxNodes;
import dev.tare.engine.target.Targets;
import dev.tare.engine.tensor.DType;
import dev.tare.engine.tensor.Dim;
import dev.tare.engine.tensor.Shape;
import dev.tare.testkit.Models;
import dev.tare.testkit.SmallModels;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class OnnxModelTest {

  @Test
  void interfaceIsReadAsDeclared() {
    OnnxModel model =
        Models.opset(13)
            .input("x", "batch", 6)
            .input("ids", TensorProto.DataType.INT64, -1, "?")
            .weight("w", 6, 2)
            .input("w", 6, 2)
            .node("MatMul", "x w", "y")
            .output("y")
            .build();
    assertThat(model.inputs())
        .containsExactly(
            new TensorInfo(
                "x",
                Optional.of(DType.FLOAT32),
                Optional.of(List.of(Dim.symbol("batch"), Dim.fixed(6)))),
            new TensorInfo(
                "ids",
                Optional.of(DType.INT64),
                Optional.of(List.of(Dim.unknown(), Dim.unknown()))));
    assertThat(model.outputs())
        .containsExactly(new TensorInfo("y", Optional.empty(), Optional.empty()));
    assertThat(model.opset()).isEqualTo(13);
    assertThat(model.opsets()).containsOnlyKeys("ai.onnx");
    assertThat(model.producer()).isEqualTo("tests");
    assertThat(model.inputs().get(0).dims().orElseThrow()).hasToString("[batch, 6]");
  }

  @Test
  void countsCoverTheGraph() {
    OnnxModel model = SmallModels.cnn().build();
    assertThat(model.operatorCounts())
        .containsEntry("Constant", 4)
        .containsEntry("Conv", 1)
        .containsEntry("Gemm", 1);
    assertThat(model.parameterCount()).isEqualTo(135 + 5 + 720 + 4);
    assertThat(model.constantBytes()).isEqualTo(4 * (135 + 5 + 720 + 4));
  }

  @Test
  void weightsOfAllOperatorsAreFound() {
    OnnxModel model = SmallModels.cnn().build();
    assertThat(OnnxGraph.of(model).nodes())
        .containsExactly(
            OnnxNodes.node(
                "Conv#4",
                "Conv",
                "image",
                0,
                "kernel",
                1,
                Shape.of(5, 3, 3, 3),
                0,
                Optional.of("kernel_bias")),
            OnnxNodes.node(
                "Gemm#7",
                "Gemm",
                "flat",
                0,
                "dense",
                1,
                Shape.of(4, 180),
                0,
                Optional.of("dense_bias")));
    assertThat(OnnxGraph.of(model).constant("kernel").shape()).isEqualTo(Shape.of(5, 3, 3, 3));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> OnnxGraph.of(model).constant("conv"))
        .withMessage("There is no constant 'conv'");
  }

  @Test
  void biasThatGemmScalesIsNotHeldInIntegers() {
    OnnxModel model =
        Models.opset(13)
            .input("x", "n", 6)
            .weight("w", 6, 4)
            .weight("b", 4)
            .node("Gemm", "x w b", "y", Models.number("beta", .5f))
            .node("Gemm", "x w b", "z")
            .output("y", "z")
            .build();
    assertThat(OnnxGraph.of(model).nodes())
        .extracting(QuantizableNode::bias)
        .containsExactly(Optional.of("b"), Optional.of("b"));
    assertThat(OnnxGraph.of(model).nodes())
        .extracting(Targets.DEFAULT::biasOf)
        .containsExactly(Optional.empty(), Optional.of("b"));
    assertThat(OnnxGraph.of(model).nodes())
        .extracting(QuantizableNode::weightAxis)
        .containsExactly(1, 1);
  }

  @Test
  void whatCannotBeQuantizedIsListedWithItsReason() {
    OnnxModel model =
        Models.opset(13)
            .input("x", "n", 6)
            .input("d", TensorProto.DataType.DOUBLE, "n", 1)
            .weight("vector", 6)
            .constant(
                TensorProto.newBuilder()
                    .setName("double")
                    .setDataType(DType.FLOAT64.onnxCode())
                    .addDims(1)
                    .addDims(1)
                    .addDoubleData(2)
                    .build())
            .weight("w", 6, 6)
            .node("MatMul", "x vector", "a")
            .node("MatMul", "d double", "b")
            .node("MatMul", "x x", "c")
            .node("MatMul", "w w", "e")
            .output("a", "b", "c", "e")
            .build();
    assertThat(OnnxGraph.of(model).skipped())
        .containsExactly(
            new SkippedNode("MatMul#0", "MatMul", "weight 'vector' has shape [6]"),
            new SkippedNode("MatMul#1", "MatMul", "weight 'double' is FLOAT64, not FLOAT32"),
            new SkippedNode("MatMul#2", "MatMul", "no operand is a constant weight"),
            new SkippedNode("MatMul#3", "MatMul", "both operands are constant"));
    assertThat(OnnxGraph.of(model).nodes()).isEmpty();
    assertThat(OnnxGraph.of(model).constant("double").dtype()).isEqualTo(DType.FLOAT64);
  }

  @Test
  void nodeNamesAreUnique() {
    OnnxModel model =
        Models.opset(13)
            .input("x", "n")
            .node("Relu", "Relu#1", List.of("x"), List.of("a"))
            .node("Relu", "", List.of("a"), List.of("b"))
            .node("Relu", "twice", List.of("b"), List.of("c"))
            .node("Relu", "twice", List.of("c"), List.of("d"))
            .output("d")
            .build();
    assertThat(model.nodeNames()).containsExactly("Relu#1", "Relu#1_", "twice", "twice#3");
  }

  @Test
  void typedFieldsAndRawDataDecodeAlike() {
    TensorProto typed =
        TensorProto.newBuilder()
            .setName("w")
            .setDataType(DType.FLOAT32.onnxCode())
            .addDims(2)
            .addFloatData(1.5f)
            .addFloatData(-2f)
            .build();
    assertThat(TensorCodec.decode(typed))
        .isEqualTo(TensorCodec.decode(TensorCodec.floats("w", List.of(2L), 1.5f, -2f)));
    TensorProto bytes =
        TensorProto.newBuilder()
            .setDataType(DType.INT8.onnxCode())
            .addDims(2)
            .addInt32Data(-3)
            .addInt32Data(4)
            .build();
    assertThat(TensorCodec.decode(bytes).bytes()).isEqualTo(ByteBuffer.wrap(new byte[] {-3, 4}));
  }

  @Test
  void bytesSurviveReadingAndWriting(@TempDir Path folder) throws IOException {
    byte[] bytes = SmallModels.cnn().bytes();
    Path file = Files.write(folder.resolve("cnn.onnx"), bytes);
    OnnxModel model = OnnxModel.read(file);
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    model.writeTo(out);
    assertThat(model.name()).isEqualTo("cnn.onnx");
    assertThat(out.toByteArray()).isEqualTo(bytes).isEqualTo(model.toByteArray());
    assertThat(OnnxModel.parse(ByteBuffer.wrap(bytes), "b").toByteArray()).isEqualTo(bytes);
  }
}
