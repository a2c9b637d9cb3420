package dev.tare.testkit;

import com.google.protobuf.ByteString;
import dev.tare.engine.onnx.ModelWriter;
import dev.tare.engine.onnx.OnnxModel;
import dev.tare.engine.onnx.graph.Nodes;
import dev.tare.engine.onnx.graph.TensorCodec;
import dev.tare.engine.onnx.proto.AttributeProto;
import dev.tare.engine.onnx.proto.GraphProto;
import dev.tare.engine.onnx.proto.ModelProto;
import dev.tare.engine.onnx.proto.NodeProto;
import dev.tare.engine.onnx.proto.OperatorSetIdProto;
import dev.tare.engine.onnx.proto.StringStringEntryProto;
import dev.tare.engine.onnx.proto.TensorProto;
import dev.tare.engine.onnx.proto.TensorShapeProto;
import dev.tare.engine.onnx.proto.TypeProto;
import dev.tare.engine.onnx.proto.ValueInfoProto;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;

/** Builds ONNX models node by node. Not thread-safe; confined to one test. */
public final class Models {

  public final GraphProto.Builder graph = GraphProto.newBuilder().setName("graph");
  public final ModelProto.Builder model = ModelProto.newBuilder().setProducerName("tests");

  /** Makes the values of weights; of none, each weight's follow from its shape. */
  private final Optional<Random> random;

  private Models(int opset, Optional<Random> random) {
    this.random = random;
    model.setIrVersion(opset < 9 ? 3 : 7).addOpsetImport(opset("", opset));
  }

  /** A model whose weights of the same shape, with names as long, are the same. */
  public static Models opset(int opset) {
    return new Models(opset, Optional.empty());
  }

  /** A model that says who made it; each of its weights has values of its own. */
  public static Models exported(int opset) {
    Models models = new Models(opset, Optional.of(new Random(20)));
    models
        .model
        .setIrVersion(7)
        .setProducerName("tiny")
        .setProducerVersion("1.5")
        .setDocString("a tiny model")
        .addMetadataProps(StringStringEntryProto.newBuilder().setKey("author").setValue("tests"));
    return models;
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

  /** Outputs whose types the graph does not say. */
  public Models output(String... names) {
    Arrays.stream(names).forEach(n -> graph.addOutput(ValueInfoProto.newBuilder().setName(n)));
    return this;
  }

  public Models output(String name, TensorProto.DataType type, Object... dims) {
    graph.addOutput(info(name, type, dims));
    return this;
  }

  /** Says the type of a tensor inside. */
  public Models declared(String name, TensorProto.DataType type, Object... dims) {
    graph.addValueInfo(info(name, type, dims));
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
    return constant(drawn(name, dims));
  }

  /** Gaussian weights in a Constant node. */
  public Models constantNode(String name, long... dims) {
    AttributeProto value =
        AttributeProto.newBuilder()
            .setName("value")
            .setType(AttributeProto.AttributeType.TENSOR)
            .setT(drawn("", dims))
            .build();
    return node("Constant", "", List.of(), List.of(name), value);
  }

  private TensorProto drawn(String name, long... dims) {
    return random.map(r -> gaussian(r, name, dims)).orElseGet(() -> gaussian(name, dims));
  }

  public static TensorProto gaussian(String name, long... dims) {
    return gaussian(new Random(Arrays.hashCode(dims) * 31L + name.length()), name, dims);
  }

  private static TensorProto gaussian(Random random, String name, long... dims) {
    float[] values = new float[(int) Arrays.stream(dims).reduce(1, (a, b) -> a * b)];
    for (int i = 0; i < values.length; i++) {
      values[i] = .3f * (float) random.nextGaussian();
    }
    return floats(name, values, dims);
  }

  public static TensorProto floats(String name, float[] values, long... dims) {
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

  public Models node(
      String opType, String name, List<String> in, String out, AttributeProto... attributes) {
    return node(opType, name, in, List.of(out), attributes);
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

  /** Writes the model and returns the file's path. */
  public String write(Path file) throws IOException {
    Files.write(file, bytes());
    return file.toString();
  }

  /** Writes the model with the data of its larger initializers in a file beside it. */
  public void writeSplit(Path file, String dataName) throws IOException {
    try (OutputStream out = Files.newOutputStream(file);
        OutputStream data = Files.newOutputStream(file.resolveSibling(dataName))) {
      ModelWriter.writeSplit(build(), out, dataName, data);
    }
  }
}
