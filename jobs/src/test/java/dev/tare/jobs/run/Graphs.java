package dev.tare.jobs.run;

import com.google.protobuf.ByteString;
import dev.tare.engine.onnx.ModelWriter;
import dev.tare.engine.onnx.OnnxModel;
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
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;

/** Builds small ONNX files. Not thread-safe; confined to one test. */
public final class Graphs {

  final ModelProto.Builder model = ModelProto.newBuilder().setIrVersion(7);
  final GraphProto.Builder graph = GraphProto.newBuilder().setName("graph");
  private final Random random = new Random(20);

  public Graphs(int opset) {
    model
        .setProducerName("tiny")
        .setProducerVersion("1.5")
        .setDocString("a tiny model")
        .addMetadataProps(StringStringEntryProto.newBuilder().setKey("author").setValue("tests"))
        .addOpsetImport(OperatorSetIdProto.newBuilder().setDomain("").setVersion(opset));
  }

  /** x[batch, 6] through a MatMul and a Gemm with bias. */
  static Graphs mlp() {
    return new Graphs(13)
        .input("x", TensorProto.DataType.FLOAT, "batch", 6)
        .weight("w1", 6, 8)
        .weight("b1", 8)
        .weight("w2", 4, 8)
        .weight("b2", 4)
        .node("MatMul", "first", List.of("x", "w1"), "m")
        .node("Add", "shift", List.of("m", "b1"), "a")
        .node("Relu", "bend", List.of("a"), "r")
        .node("Gemm", "second", List.of("r", "w2", "b2"), "y", integer("transB", 1))
        .output("y", "batch", 4);
  }

  /** An image through a convolution and a dense layer: old operators, weights in Constant nodes. */
  public static Graphs cnn() {
    return new Graphs(11)
        .input("image", TensorProto.DataType.FLOAT, "n", 3, 8, 8)
        .constantNode("kernel", 5, 3, 3, 3)
        .constantNode("kernel_bias", 5)
        .constantNode("dense", 4, 180)
        .constantNode("dense_bias", 4)
        .node("Conv", "conv", List.of("image", "kernel", "kernel_bias"), "c")
        .node("Relu", "bend", List.of("c"), "r")
        .node("Flatten", "flat", List.of("r"), "f")
        .node("Gemm", "dense", List.of("f", "dense", "dense_bias"), "y", integer("transB", 1))
        .output("y", "n", 4);
  }

  public Graphs input(String name, TensorProto.DataType type, Object... dims) {
    graph.addInput(info(name, type, dims));
    return this;
  }

  public Graphs output(String name, Object... dims) {
    graph.addOutput(info(name, TensorProto.DataType.FLOAT, dims));
    return this;
  }

  /** An output of integers, or of another type. */
  Graphs output(String name, TensorProto.DataType type, Object... dims) {
    graph.addOutput(info(name, type, dims));
    return this;
  }

  static ValueInfoProto info(String name, TensorProto.DataType type, Object... dims) {
    TensorShapeProto.Builder shape = TensorShapeProto.newBuilder();
    for (Object dim : dims) {
      if (dim instanceof Number size) {
        shape.addDimBuilder().setDimValue(size.longValue());
      } else {
        shape.addDimBuilder().setDimParam(dim.toString());
      }
    }
    return ValueInfoProto.newBuilder()
        .setName(name)
        .setType(
            TypeProto.newBuilder()
                .setTensorType(
                    TypeProto.Tensor.newBuilder().setElemType(type.getNumber()).setShape(shape)))
        .build();
  }

  Graphs weight(String name, long... dims) {
    return constant(gaussian(name, dims));
  }

  public Graphs constant(TensorProto tensor) {
    graph.addInitializer(tensor);
    return this;
  }

  private void add(NodeProto.Builder node) {
    graph.addNode(node);
  }

  Graphs constantNode(String name, long... dims) {
    add(
        NodeProto.newBuilder()
            .setOpType("Constant")
            .addOutput(name)
            .addAttribute(
                AttributeProto.newBuilder()
                    .setName("value")
                    .setType(AttributeProto.AttributeType.TENSOR)
                    .setT(gaussian("", dims))));
    return this;
  }

  private TensorProto gaussian(String name, long... dims) {
    int size = 1;
    for (long dim : dims) {
      size = Math.multiplyExact(size, Math.toIntExact(dim));
    }
    float[] values = new float[size];
    for (int i = 0; i < size; i++) {
      values[i] = .3f * (float) random.nextGaussian();
    }
    return floats(name, values, dims);
  }

  static TensorProto floats(String name, float[] values, long... dims) {
    ByteBuffer bytes = ByteBuffer.allocate(4 * values.length).order(ByteOrder.LITTLE_ENDIAN);
    for (float value : values) {
      bytes.putFloat(value);
    }
    TensorProto.Builder tensor =
        TensorProto.newBuilder()
            .setName(name)
            .setDataType(TensorProto.DataType.FLOAT.getNumber())
            .setRawData(ByteString.copyFrom(bytes.flip()));
    for (long dim : dims) {
      tensor.addDims(dim);
    }
    return tensor.build();
  }

  public Graphs node(
      String op, String name, List<String> inputs, String output, AttributeProto... attributes) {
    add(
        NodeProto.newBuilder()
            .setOpType(op)
            .setName(name)
            .addAllInput(inputs)
            .addOutput(output)
            .addAllAttribute(List.of(attributes)));
    return this;
  }

  static AttributeProto integer(String name, long value) {
    return AttributeProto.newBuilder()
        .setName(name)
        .setType(AttributeProto.AttributeType.INT)
        .setI(value)
        .build();
  }

  byte[] bytes() {
    return model.setGraph(graph).build().toByteArray();
  }

  /** Writes the model and returns the file's path. */
  public String write(Path file) throws IOException {
    Files.write(file, bytes());
    return file.toString();
  }

  /** Writes the model with the data of its larger initializers in a file beside it. */
  void writeSplit(Path file, String dataName) throws IOException {
    try (OutputStream out = Files.newOutputStream(file);
        OutputStream data = Files.newOutputStream(file.resolveSibling(dataName))) {
      ModelWriter.writeSplit(OnnxModel.parse(bytes(), "whole"), out, dataName, data);
    }
  }
}
