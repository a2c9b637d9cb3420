package dev.tare.engine.onnx;

import com.google.protobuf.ByteString;
import dev.tare.engine.onnx.graph.Nodes;
import dev.tare.engine.onnx.graph.TensorCodec;
import dev.tare.engine.onnx.proto.AttributeProto;
import dev.tare.engine.onnx.proto.GraphProto;
import dev.tare.engine.onnx.proto.ModelProto;
import dev.tare.engine.onnx.proto.NodeProto;
import dev.tare.engine.onnx.proto.OperatorSetIdProto;
import dev.tare.engine.onnx.proto.TensorProto;
import dev.tare.engine.onnx.proto.TensorShapeProto;
import dev.tare.engine.onnx.proto.TypeProto;
import dev.tare.engine.onnx.proto.ValueInfoProto;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/** Builds small models for tests. */
public final class Models {

  public final GraphProto.Builder graph = GraphProto.newBuilder().setName("graph");
  public final ModelProto.Builder model = ModelProto.newBuilder().setProducerName("tests");

  private Models(int opset) {
    model.setIrVersion(opset < 9 ? 3 : 7).addOpsetImport(opset("", opset));
  }

  public static Models opset(int opset) {
    return new Models(opset);
  }

  public static OperatorSetIdProto.Builder opset(String domain, long version) {
    return OperatorSetIdProto.newBuilder().setDomain(domain).setVersion(version);
  }

  /** Dimensions are numbers or symbols. */
  public Models input(String name, Object... dims) {
    graph.addInput(info(name, TensorProto.DataType.FLOAT, dims));
    return this;
  }

  public Models input(String name, TensorProto.DataType type, Object... dims) {
    graph.addInput(info(name, type, dims));
    return this;
  }

  public Models output(String... names) {
    Arrays.stream(names).forEach(n -> graph.addOutput(ValueInfoProto.newBuilder().setName(n)));
    return this;
  }

  public static ValueInfoProto info(String name, TensorProto.DataType type, Object... dims) {
    TensorShapeProto.Builder shape = TensorShapeProto.newBuilder();
    for (Object dim : dims) {
      if (dim instanceof Number size) {
        shape.addDimBuilder().setDimValue(size.longValue());
      } else {
        shape.addDimBuilder().setDimParam(dim.toString());
      }
    }
    TypeProto.Tensor.Builder tensor =
        TypeProto.Tensor.newBuilder().setElemType(type.getNumber()).setShape(shape);
    return ValueInfoProto.newBuilder()
        .setName(name)
        .setType(TypeProto.newBuilder().setTensorType(tensor))
        .build();
  }

  public Models constant(TensorProto tensor) {
    graph.addInitializer(tensor);
    return this;
  }

  /** Gaussian weights, small enough that activations stay in [-8, 8], in an initializer. */
  public Models weight(String name, long... dims) {
    return constant(gaussian(name, dims));
  }

  /** Gaussian weights in a Constant node. */
  public Models constantNode(String name, long... dims) {
    AttributeProto value =
        AttributeProto.newBuilder()
            .setName("value")
            .setType(AttributeProto.AttributeType.TENSOR)
            .setT(gaussian("", dims))
            .build();
    return node("Constant", "", List.of(), List.of(name), value);
  }

  public static TensorProto gaussian(String name, long... dims) {
    Random random = new Random(Arrays.hashCode(dims) * 31L + name.length());
    float[] values = new float[(int) Arrays.stream(dims).reduce(1, (a, b) -> a * b)];
    for (int i = 0; i < values.length; i++) {
      values[i] = .3f * (float) random.nextGaussian();
    }
    return TensorCodec.floats(name, Arrays.stream(dims).boxed().toList(), values);
  }

  public static TensorProto longs(String name, Long... values) {
    return TensorCodec.longs(name, List.of(values));
  }

  public Models node(
      String opType, String name, List<String> in, List<String> out, AttributeProto... attributes) {
    graph.addNode(nodeOf(opType, name, in, out, attributes));
    return this;
  }

  /** A node without a name. */
  public Models node(String opType, String in, String out, AttributeProto... attributes) {
    return node(opType, "", List.of(in.split(" ", -1)), List.of(out.split(" ", -1)), attributes);
  }

  public static NodeProto nodeOf(
      String opType, String name, List<String> in, List<String> out, AttributeProto... attributes) {
    return NodeProto.newBuilder()
        .setOpType(opType)
        .setName(name)
        .addAllInput(in)
        .addAllOutput(out)
        .addAllAttribute(List.of(attributes))
        .build();
  }

  public static AttributeProto ints(String name, Long... values) {
    return AttributeProto.newBuilder()
        .setName(name)
        .setType(AttributeProto.AttributeType.INTS)
        .addAllInts(List.of(values))
        .build();
  }

  public static AttributeProto integer(String name, long value) {
    return Nodes.intAttribute(name, value);
  }

  public static AttributeProto number(String name, float value) {
    return AttributeProto.newBuilder()
        .setName(name)
        .setType(AttributeProto.AttributeType.FLOAT)
        .setF(value)
        .build();
  }

  /** A float without dimensions, as an attribute of Constant. */
  public static AttributeProto scalar(String name, float value) {
    return AttributeProto.newBuilder()
        .setName(name)
        .setType(AttributeProto.AttributeType.TENSOR)
        .setT(TensorCodec.floats("", List.of(), value))
        .build();
  }

  public static AttributeProto numbers(String name, Float... values) {
    return AttributeProto.newBuilder()
        .setName(name)
        .setType(AttributeProto.AttributeType.FLOATS)
        .addAllFloats(List.of(values))
        .build();
  }

  public static AttributeProto text(String name, String value) {
    return AttributeProto.newBuilder()
        .setName(name)
        .setType(AttributeProto.AttributeType.STRING)
        .setS(ByteString.copyFromUtf8(value))
        .build();
  }

  public static AttributeProto graph(String name, GraphProto.Builder graph) {
    return AttributeProto.newBuilder()
        .setName(name)
        .setType(AttributeProto.AttributeType.GRAPH)
        .setG(graph)
        .build();
  }

  public byte[] bytes() {
    return model.setGraph(graph).build().toByteArray();
  }

  public OnnxModel build() {
    return OnnxModel.parse(bytes(), "test.onnx");
  }

  /** x[batch, 6] through two layers with biases added apart; the first two products share x. */
  public static Models mlp() {
    return opset(13)
        .input("x", "batch", 6)
        .weight("w1", 6, 8)
        .weight("w2", 6, 8)
        .weight("w3", 8, 4)
        .node("MatMul", "first", List.of("x", "w1"), List.of("a"))
        .node("MatMul", "second", List.of("x", "w2"), List.of("b"))
        .node("Add", "a b", "c")
        .node("Relu", "c", "d")
        .node("MatMul", "third", List.of("d", "w3"), List.of("y"))
        .output("y");
  }

  /** An image through a convolution and a dense layer, all weights in Constant nodes. */
  public static Models cnn() {
    return opset(13)
        .input("image", "batch", 3, 8, 8)
        .constantNode("kernel", 5, 3, 3, 3)
        .constantNode("kernel_bias", 5)
        .constantNode("dense", 4, 180)
        .constantNode("dense_bias", 4)
        .node("Conv", "image kernel kernel_bias", "conv")
        .node("Relu", "conv", "relu")
        .node("Flatten", "relu", "flat")
        .node("Gemm", "flat dense dense_bias", "y", integer("transB", 1))
        .output("y");
  }
}
