package dev.tare.engine.target;

import static dev.tare.testkit.Models.integer;
import static dev.tare.testkit.Models.ints;
import static dev.tare.testkit.Models.longs;
import static dev.tare.testkit.Models.text;

import dev.tare.engine.onnx.OnnxModel;
import dev.tare.engine.onnx.graph.TensorCodec;
import dev.tare.engine.onnx.proto.AttributeProto;
import dev.tare.engine.onnx.proto.TensorProto.DataType;
import dev.tare.testkit.Models;
import java.util.List;

/** The small networks whose placement by Model Optimizer the files in /tensorrt list. */
final class TensorRtNetworks {

  private TensorRtNetworks() {}

  static final List<String> PATTERNS =
      List.of(
          "conv_bn",
          "res_identity",
          "res_proj",
          "silu",
          "concat",
          "upsample",
          "convT",
          "avgpool_gemm",
          "softmax_head");

  private static AttributeProto pads() {
    return ints("pads", 1L, 1L, 1L, 1L);
  }

  private static AttributeProto kernel(long size) {
    return ints("kernel_shape", size, size);
  }

  /** A convolution of 3 x 3 whose weight is new, with 16 output channels. */
  private static void conv(Models m, String in, String weight, String out, long inputs) {
    m.weight(weight, 16, inputs, 3, 3)
        .node("Conv", out, List.of(in, weight), List.of(out), kernel(3), pads());
  }

  private static void biased(Models m, String in, String weight, String out, long inputs) {
    m.weight(weight, 16, inputs, 3, 3)
        .weight(weight + "_bias", 16)
        .node("Conv", out, List.of(in, weight, weight + "_bias"), List.of(out), kernel(3), pads());
  }

  static OnnxModel pattern(String name) {
    Models m = Models.opset(17).input("x", 1, 16, 16, 16).output("y", DataType.FLOAT);
    switch (name) {
      case "conv_bn" -> {
        conv(m, "x", "w", "c", 16);
        for (String vector : List.of("g", "b", "m", "v")) {
          m.constant(Models.floats(vector, new float[16], 16));
        }
        m.node("BatchNormalization", "bn", List.of("c", "g", "b", "m", "v"), List.of("y"));
      }
      case "res_identity" -> {
        conv(m, "x", "w", "c", 16);
        m.node("Relu", "c", "r");
        conv(m, "r", "w2", "c2", 16);
        m.node("Add", "c2 x", "a").node("Relu", "a", "y");
      }
      case "res_proj" -> {
        conv(m, "x", "w", "c", 16);
        m.node("Relu", "c", "r");
        conv(m, "r", "w2", "c2", 16);
        conv(m, "x", "w3", "c3", 16);
        m.node("Add", "c2 c3", "a").node("Relu", "a", "y");
      }
      case "silu" -> {
        conv(m, "x", "w", "c", 16);
        m.node("Sigmoid", "c", "s").node("Mul", "c s", "m");
        conv(m, "m", "w2", "y", 16);
      }
      case "concat" -> {
        conv(m, "x", "w", "a", 16);
        m.node("Relu", "a", "ar");
        conv(m, "x", "w2", "b", 16);
        m.node("Relu", "b", "br").node("Concat", "ar br", "cc", integer("axis", 1));
        conv(m, "cc", "w3", "y", 32);
      }
      case "upsample" -> {
        conv(m, "x", "w", "a", 16);
        m.constant(TensorCodec.floats("sc", List.of(4L), 1f, 1f, 2f, 2f))
            .node("Relu", "a", "ar")
            .node("Resize", "ar  sc", "u", text("mode", "nearest"));
        conv(m, "u", "w2", "y", 16);
      }
      case "convT" -> {
        conv(m, "x", "w", "a", 16);
        m.weight("wt", 16, 16, 2, 2)
            .node("Relu", "a", "ar")
            .node("ConvTranspose", "ar wt", "y", kernel(2), ints("strides", 2L, 2L));
      }
      case "avgpool_gemm" -> {
        conv(m, "x", "w", "a", 16);
        m.weight("wf", 32, 16)
            .weight("bf", 32)
            .node("Relu", "a", "ar")
            .node("AveragePool", "ar", "p", kernel(16))
            .node("Flatten", "p", "fl")
            .node("Gemm", "fl wf bf", "y", integer("transB", 1));
      }
      case "softmax_head" -> {
        conv(m, "x", "w", "a", 16);
        m.node("Softmax", "a", "y", integer("axis", 1));
      }
      default -> throw new IllegalArgumentException(name);
    }
    return m.build();
  }

  static OnnxModel cnn() {
    Models m = Models.opset(17).input("x", 1, 3, 16, 16).output("y", DataType.FLOAT);
    biased(m, "x", "w1", "c1", 3);
    m.node("Relu", "c1", "r1");
    biased(m, "r1", "w2", "c2", 16);
    m.node("Relu", "c2", "r2");
    biased(m, "r2", "w3", "c3", 16);
    return m.node("Add", "c3 r1", "a")
        .node("Relu", "a", "r3")
        .node("MaxPool", "r3", "p", kernel(2), ints("strides", 2L, 2L))
        .weight("dw", 16, 1, 3, 3)
        .weight("bd", 16)
        .node("Conv", "p dw bd", "d", kernel(3), pads(), integer("group", 16))
        .constant(TensorCodec.floats("z0", List.of(), 0f))
        .constant(TensorCodec.floats("z6", List.of(), 6f))
        .node("Clip", "d z0 z6", "d6")
        .node("Concat", "d6 p", "cc", integer("axis", 1))
        .weight("w4", 16, 32, 1, 1)
        .weight("b4", 16)
        .node("Conv", "cc w4 b4", "c4", kernel(1))
        .node("GlobalAveragePool", "c4", "g")
        .node("Flatten", "g", "fl")
        .weight("wf", 10, 16)
        .weight("bf", 10)
        .node("Gemm", "fl wf bf", "y", integer("transB", 1))
        .build();
  }

  static OnnxModel transformer() {
    Models m =
        Models.opset(17)
            .input("x", 1, 8, 32)
            .output("y", DataType.FLOAT)
            .constant(longs("sh", 0L, 8L, 4L, 8L))
            .constant(longs("sh2", 0L, 8L, 32L))
            .constant(TensorCodec.floats("sc", List.of(), .35f))
            .constant(TensorCodec.floats("half", List.of(), .5f))
            .constant(TensorCodec.floats("one", List.of(), 1f))
            .constant(TensorCodec.floats("rt2", List.of(), 1.41f));
    for (String vector : List.of("g1", "be1", "g2", "be2", "bo", "bd")) {
      m.weight(vector, 32);
    }
    m.node("LayerNormalization", "x g1 be1", "ln1", integer("axis", -1));
    for (String k : List.of("q", "k", "v")) {
      m.weight("w" + k, 32, 32)
          .weight("b" + k, 32)
          .node("MatMul", "ln1 w" + k, k + "m")
          .node("Add", k + "m b" + k, k + "a")
          .node("Reshape", k + "a sh", k + "r")
          .node(
              "Transpose",
              k + "r",
              k + "t",
              k.equals("k") ? ints("perm", 0L, 2L, 3L, 1L) : ints("perm", 0L, 2L, 1L, 3L));
    }
    return m.node("MatMul", "qt kt", "s")
        .node("Mul", "s sc", "ss")
        .node("Softmax", "ss", "p", integer("axis", -1))
        .node("MatMul", "p vt", "o")
        .node("Transpose", "o", "ot", ints("perm", 0L, 2L, 1L, 3L))
        .node("Reshape", "ot sh2", "or")
        .weight("wo", 32, 32)
        .node("MatMul", "or wo", "om")
        .node("Add", "om bo", "oa")
        .node("Add", "oa x", "r1")
        .node("LayerNormalization", "r1 g2 be2", "ln2", integer("axis", -1))
        .weight("wu", 32, 64)
        .weight("bu", 64)
        .node("MatMul", "ln2 wu", "um")
        .node("Add", "um bu", "ua")
        .node("Div", "ua rt2", "e0")
        .node("Erf", "e0", "e1")
        .node("Add", "e1 one", "e2")
        .node("Mul", "ua e2", "e3")
        .node("Mul", "e3 half", "e4")
        .weight("wd", 64, 32)
        .node("MatMul", "e4 wd", "dm")
        .node("Add", "dm bd", "da")
        .node("Add", "da r1", "y")
        .build();
  }
}
