package dev.tare.engine.onnx;

import static org.assertj.core.api.Assertions.assertThat;

import ai.onnxruntime.platform.Fp16Conversions;
import dev.tare.engine.onnx.graph.TensorCodec;
import dev.tare.engine.onnx.proto.AttributeProto;
import dev.tare.engine.onnx.proto.ModelProto;
import dev.tare.engine.onnx.proto.NodeProto;
import dev.tare.engine.onnx.proto.TensorProto;
import dev.tare.engine.quant.DynamicQuantization;
import dev.tare.engine.quant.Granularity;
import dev.tare.engine.quant.QuantParams;
import dev.tare.engine.quant.QuantType;
import dev.tare.engine.quant.Quantizer;
import dev.tare.engine.tensor.DType;
import dev.tare.engine.tensor.Shape;
import dev.tare.engine.tensor.Tensor;
import dev.tare.testkit.PythonEnvironment;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.TestFactory;

/** The ONNX standard's own vectors of QuantizeLinear and its kin, bit for bit. */
@Tag("slow")
class NodeVectorsTest {

  private static final Path SCRIPTS = Path.of("src", "test", "python");

  /** Vectors of element types that Tare does not have, and why. */
  private static final Map<String, String> WITHOUT_TYPE =
      new TreeMap<>(
          Map.of(
              "test_quantizelinear_int2", "2 bits",
              "test_dequantizelinear_int2", "2 bits",
              "test_quantizelinear_uint2", "2 bits",
              "test_dequantizelinear_uint2", "2 bits",
              "test_quantizelinear_float4e2m1", "floating-point of 4 bits",
              "test_dequantizelinear_float4e2m1", "floating-point of 4 bits"));

  @TestFactory
  Stream<DynamicTest> theStandardsVectorsAreReproducedToTheBit() throws IOException {
    PythonEnvironment python = PythonEnvironment.of(SCRIPTS.resolve("requirements-onnx.txt"));
    Path folder = Path.of("target", "onnx-node-vectors").toAbsolutePath();
    python.script(SCRIPTS.resolve("node_vectors.py").toString(), folder.toString());
    List<Path> vectors;
    try (Stream<Path> folders = Files.list(folder)) {
      vectors = folders.sorted().toList();
    }
    List<String> names = vectors.stream().map(v -> v.getFileName().toString()).toList();
    assertThat(names).hasSize(33).containsAll(WITHOUT_TYPE.keySet());
    return vectors.stream()
        .filter(vector -> !WITHOUT_TYPE.containsKey(vector.getFileName().toString()))
        .map(vector -> DynamicTest.dynamicTest(vector.getFileName().toString(), () -> run(vector)));
  }

  private static void run(Path vector) throws IOException {
    ModelProto model = ModelProto.parseFrom(Files.readAllBytes(vector.resolve("model.onnx")));
    List<Tensor> inputs = tensors(vector, "input");
    List<Tensor> outputs = tensors(vector, "output");
    NodeProto node = model.getGraph().getNode(0);
    if (model.getGraph().getNodeCount() > 1 || node.getOpType().equals("DynamicQuantizeLinear")) {
      // The expanded vectors have the operator's definition in its place: same inputs and outputs.
      assertThat(vector.getFileName().toString()).startsWith("test_dynamicquantizelinear");
      assertThat(dynamic(inputs.get(0))).isEqualTo(outputs);
    } else if (node.getOpType().equals("QuantizeLinear")) {
      assertThat(quantize(node, inputs, outputs.get(0).dtype())).isEqualTo(outputs.get(0));
    } else {
      assertThat(node.getOpType()).isEqualTo("DequantizeLinear");
      assertThat(dequantize(node, inputs)).isEqualTo(outputs.get(0));
    }
  }

  private static List<Tensor> dynamic(Tensor x) {
    QuantParams params = DynamicQuantization.params(x);
    ByteBuffer zero = ByteBuffer.wrap(new byte[] {(byte) params.zeroPoint()});
    return List.of(
        Quantizer.quantize(x, List.of(params), Granularity.perTensor()),
        Tensor.ofFloats(Shape.SCALAR, params.scale()),
        Tensor.of(DType.UINT8, Shape.SCALAR, zero));
  }

  private static Tensor quantize(NodeProto node, List<Tensor> inputs, DType type) {
    Tensor x = inputs.get(0);
    assertThat(attribute(node, "saturate", 1)).isEqualTo(1);
    return Quantizer.quantize(
        x, params(type, inputs), granularity(node, x.shape(), inputs.get(1).shape()));
  }

  private static Tensor dequantize(NodeProto node, List<Tensor> inputs) {
    Tensor q = inputs.get(0);
    Tensor scale = inputs.get(1);
    Granularity granularity = granularity(node, q.shape(), scale.shape());
    Tensor real = Quantizer.dequantize(q, params(q.dtype(), inputs), granularity);
    return scale.dtype() == DType.FLOAT16 ? toHalf(real) : real;
  }

  private static Granularity granularity(NodeProto node, Shape shape, Shape scales) {
    int axis = shape.normalizeAxis(shape.rank() < 2 ? 0 : (int) attribute(node, "axis", 1));
    int block = (int) attribute(node, "block_size", 0);
    if (scales.size() == 1) {
      return Granularity.perTensor();
    }
    return block == 0 ? Granularity.perChannel(axis) : Granularity.perBlock(axis, block);
  }

  private static List<QuantParams> params(DType dtype, List<Tensor> inputs) {
    QuantType type =
        Arrays.stream(QuantType.values()).filter(t -> t.dtype() == dtype).findFirst().orElseThrow();
    float[] scales = toFloats(inputs.get(1));
    List<Integer> zeroPoints =
        inputs.size() > 2 ? integers(inputs.get(2), type) : Collections.nCopies(scales.length, 0);
    List<QuantParams> params = new ArrayList<>();
    for (int i = 0; i < scales.length; i++) {
      params.add(new QuantParams(type, scales[i], zeroPoints.get(i)));
    }
    return params;
  }

  private static List<Integer> integers(Tensor codes, QuantType type) {
    assertThat(codes.dtype()).isEqualTo(type.dtype());
    List<QuantParams> steps = List.of(new QuantParams(type, 1f, 0));
    List<Integer> integers = new ArrayList<>();
    for (float each : Quantizer.dequantize(codes, steps, Granularity.perTensor()).toFloatArray()) {
      integers.add((int) each);
    }
    return integers;
  }

  private static float[] toFloats(Tensor tensor) {
    if (tensor.dtype() != DType.FLOAT16) {
      return tensor.toFloatArray();
    }
    float[] values = new float[(int) tensor.shape().size()];
    ByteBuffer halves = tensor.bytes();
    for (int i = 0; i < values.length; i++) {
      values[i] = Fp16Conversions.fp16ToFloat(halves.getShort());
    }
    return values;
  }

  /** A product of a float8 and a half is exact in float32, so that it is rounded here, once. */
  private static Tensor toHalf(Tensor tensor) {
    ByteBuffer halves =
        ByteBuffer.allocate((int) tensor.shape().size() * 2).order(ByteOrder.LITTLE_ENDIAN);
    for (float value : tensor.toFloatArray()) {
      halves.putShort(Fp16Conversions.floatToFp16(value));
    }
    return Tensor.of(DType.FLOAT16, tensor.shape(), halves.flip());
  }

  private static long attribute(NodeProto node, String name, long otherwise) {
    return node.getAttributeList().stream()
        .filter(attribute -> attribute.getName().equals(name))
        .mapToLong(AttributeProto::getI)
        .findFirst()
        .orElse(otherwise);
  }

  private static List<Tensor> tensors(Path vector, String kind) throws IOException {
    List<Tensor> tensors = new ArrayList<>();
    for (int i = 0; Files.exists(vector.resolve(kind + "_" + i + ".pb")); i++) {
      byte[] bytes = Files.readAllBytes(vector.resolve(kind + "_" + i + ".pb"));
      tensors.add(TensorCodec.decode(TensorProto.parseFrom(bytes)));
    }
    return tensors;
  }
}
