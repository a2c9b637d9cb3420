package dev.tare.testkit;

import static dev.tare.testkit.Models.integer;

import dev.tare.engine.onnx.graph.TensorCodec;
import dev.tare.engine.onnx.proto.AttributeProto;
import dev.tare.engine.onnx.proto.GraphProto;
import dev.tare.engine.onnx.proto.TensorProto;
import dev.tare.engine.onnx.proto.TensorProto.DataType;
import dev.tare.engine.tensor.DType;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/** Models whose floats are of a type of choice, as converters to half precision leave them. */
public final class HalfModels {

  private HalfModels() {}

  /**
   * x[batch, 6] through a MatMul and a Gemm, y[batch, 4]. Weights are multiples of 1/64, which
   * every type has. Has casts before and after, a Constant node, a declaration, and an If.
   *
   * @param type FLOAT, FLOAT16 or BFLOAT16
   */
  public static Models mlp(DataType type) {
    AttributeProto to = integer("to", type.getNumber());
    return Models.exported(13)
        .input("x", type, "batch", 6)
        .constant(weight(type, "w1", 6, 8))
        .constant(weight(type, "w2", 8, 4))
        .constant(weight(type, "b2", 4))
        .node("Cast", "wide", List.of("x"), "x32", integer("to", 1))
        .node("Cast", "narrow", List.of("x32"), "x16", to)
        .node("MatMul", "first", List.of("x16", "w1"), "m")
        .node("Constant", "shift", List.of(), "b1", tensor(weight(type, "", 8)))
        .node("Add", "bend", List.of("m", "b1"), "a")
        .node("ReduceMax", "choice", List.of("a"), "top", integer("keepdims", 0))
        .node("Cast", "flag", List.of("top"), "on", integer("to", DataType.BOOL_VALUE))
        .node(
            "If",
            "second",
            List.of("on"),
            "r",
            branch("then_branch", type),
            branch("else_branch", type))
        .node("Gemm", "last", List.of("r", "w2", "b2"), "y")
        .output("y", type, "batch", 4)
        .declared("a", type, "batch", 8);
  }

  private static AttributeProto branch(String name, DataType type) {
    GraphProto.Builder body =
        GraphProto.newBuilder()
            .setName(name)
            .addInitializer(weight(type, name + "_w", 8))
            .addNode(Models.nodeOf("Mul", name, List.of("a", name + "_w"), List.of(name + "_r")))
            .addOutput(Models.info(name + "_r", type, "batch", 8));
    return Models.graph(name, body);
  }

  private static AttributeProto tensor(TensorProto value) {
    return AttributeProto.newBuilder()
        .setName("value")
        .setType(AttributeProto.AttributeType.TENSOR)
        .setT(value)
        .build();
  }

  /** Multiples of 1/64 from -1 to 1. */
  private static TensorProto weight(DataType type, String name, long... dims) {
    int count = 1;
    for (long dim : dims) {
      count *= (int) dim;
    }
    DType dtype = DType.ofOnnxCode(type.getNumber());
    ByteBuffer bytes =
        ByteBuffer.allocate((int) dtype.byteSize(count)).order(ByteOrder.LITTLE_ENDIAN);
    Random random = new Random(count);
    for (int i = 0; i < count; i++) {
      float value = (random.nextInt(129) - 64) / 64f;
      switch (dtype) {
        case FLOAT16 -> bytes.putShort(float16(value));
        case BFLOAT16 -> bytes.putShort((short) (Float.floatToRawIntBits(value) >> 16));
        default -> bytes.putFloat(value);
      }
    }
    List<Long> shape = Arrays.stream(dims).boxed().toList();
    return TensorCodec.encode(name, dtype, shape, bytes.flip());
  }

  /** Of a value that is 0 or has an exponent and fraction that fit. */
  private static short float16(float value) {
    if (value == 0) {
      return 0;
    }
    int bits = Float.floatToRawIntBits(value);
    int exponent = ((bits >> 23) & 0xff) - 112;
    return (short) (((bits >> 16) & 0x8000) | (exponent << 10) | ((bits >> 13) & 0x3ff));
  }
}
