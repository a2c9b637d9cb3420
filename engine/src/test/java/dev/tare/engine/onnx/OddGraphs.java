package dev.tare.engine.onnx;

import static dev.tare.testkit.Models.integer;
import static dev.tare.testkit.Models.number;

import dev.tare.engine.model.TensorInfo;
import dev.tare.engine.onnx.graph.TensorCodec;
import dev.tare.engine.onnx.proto.AttributeProto;
import dev.tare.engine.onnx.proto.TensorProto;
import dev.tare.engine.tensor.Shape;
import dev.tare.engine.tensor.Tensor;
import dev.tare.testkit.Models;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/** Small models with weights of uncommon shapes, shared weights and uncommon values. */
public final class OddGraphs {

  private static final List<Integer> IMAGE = List.of(2, 4, 9, 9);
  private static final List<Integer> LINE = List.of(2, 4, 16);
  private static final List<Integer> VOLUME = List.of(1, 4, 5, 5, 5);

  private OddGraphs() {}

  /** All of them by name, in the order in which they stand here. */
  public static Map<String, OnnxModel> all() {
    Map<String, OnnxModel> all = new LinkedHashMap<>();
    stacks(all);
    products(all);
    shared(all);
    values(all);
    return all;
  }

  /** Inputs that a model declares: Gaussian floats, and integers below 8. */
  public static Map<String, Tensor> inputs(OnnxModel model, long seed) {
    Map<String, Tensor> inputs = new LinkedHashMap<>();
    Random random = new Random(seed);
    for (TensorInfo input : model.inputs()) {
      long[] dims =
          input.dims().orElseThrow().stream()
              .mapToLong(dim -> Long.parseLong(dim.toString()))
              .toArray();
      inputs.put(
          input.name(),
          input.name().startsWith("ids")
              ? Tensor.ofLongs(Shape.of(dims), random.longs(Shape.of(dims).size(), 0, 8).toArray())
              : Reference.gaussian(seed, dims));
    }
    return inputs;
  }

  private static void stacks(Map<String, OnnxModel> all) {
    all.put("stack of one", matMul(List.of(3, 6, 32), false, 1, 32, 16));
    all.put("stack beside a batch", matMul(List.of(4, 6, 32), false, 4, 32, 16));
    all.put("stack that is broadcast", matMul(List.of(2, 1, 6, 32), false, 4, 32, 16));
    all.put("stack of rank 4", matMul(List.of(2, 4, 6, 32), false, 1, 4, 32, 16));
    all.put("stack beside a vector", matMul(List.of(32), false, 4, 32, 16));
    all.put("stack beside a matrix", matMul(List.of(5, 32), false, 4, 32, 16));
    all.put("stack of columns", matMul(List.of(3, 6, 32), false, 1, 32, 1));
    all.put("stack of rows", matMul(List.of(3, 6, 1), false, 1, 1, 16));
    all.put("left matrix", matMul(List.of(3, 6, 32), true, 16, 6));
    all.put("left matrix beside a vector", matMul(List.of(6), true, 16, 6));
    all.put("left stack", matMul(List.of(3, 6, 32), true, 3, 16, 6));
    all.put("left stack of one", matMul(List.of(3, 6, 32), true, 1, 16, 6));
    all.put("left stack beside a matrix", matMul(List.of(6, 32), true, 3, 16, 6));
    all.put(
        "stack twice",
        Models.opset(17)
            .input("x", 3, 8, 8)
            .weight("w", 3, 8, 8)
            .node("MatMul", "x w", "h")
            .node("MatMul", "h w", "y")
            .output("y")
            .build());
  }

  private static OnnxModel matMul(List<Integer> x, boolean left, long... w) {
    return Models.opset(17)
        .input("x", x.toArray())
        .weight("w", w)
        .node("MatMul", left ? "w x" : "x w", "h")
        .node("Relu", "h", "y")
        .output("h", "y")
        .build();
  }

  private static void products(Map<String, OnnxModel> all) {
    all.put("Conv of a line", product("Conv", LINE, 6, 6, 4, 3));
    all.put("depthwise Conv of a line", product("Conv", LINE, 4, List.of(4, 1, 3), group(4)));
    all.put("Conv of a volume", product("Conv", VOLUME, 6, 6, 4, 3, 3, 3));
    all.put("ConvTranspose of a line", product("ConvTranspose", LINE, 6, 4, 6, 3));
    all.put("ConvTranspose of a volume", product("ConvTranspose", VOLUME, 6, 4, 6, 3, 3, 3));
    all.put(
        "ConvTranspose in groups",
        product("ConvTranspose", IMAGE, 6, List.of(4, 3, 3, 3), group(2)));
    for (int a = 0; a < 2; a++) {
      for (int b = 0; b < 2; b++) {
        all.put(
            "Gemm transA %d transB %d".formatted(a, b),
            product(
                "Gemm",
                a == 1 ? List.of(12, 5) : List.of(5, 12),
                7,
                b == 1 ? List.of(7, 12) : List.of(12, 7),
                integer("transA", a),
                integer("transB", b)));
      }
    }
    all.put(
        "Gemm with factors",
        product(
            "Gemm", List.of(5, 12), 7, List.of(12, 7), number("alpha", .5f), number("beta", 2)));
  }

  private static AttributeProto group(int groups) {
    return integer("group", groups);
  }

  private static OnnxModel product(String operator, List<Integer> x, int bias, Integer... w) {
    return product(operator, x, bias, List.of(w));
  }

  private static OnnxModel product(
      String operator, List<Integer> x, int bias, List<Integer> w, AttributeProto... attributes) {
    return Models.opset(17)
        .input("x", x.toArray())
        .weight("w", w.stream().mapToLong(Integer::longValue).toArray())
        .weight("b", bias)
        .node(operator, "x w b", "h", attributes)
        .node("Relu", "h", "y")
        .output("y")
        .build();
  }

  private static Models table() {
    return Models.opset(17).input("ids", TensorProto.DataType.INT64, 3, 5).weight("e", 20, 8);
  }

  private static void shared(Map<String, OnnxModel> all) {
    all.put(
        "table of a Gather and a MatMul",
        table()
            .input("p", 3, 5, 20)
            .node("Gather", "e ids", "rows")
            .node("MatMul", "p e", "soft")
            .node("Add", "rows soft", "y")
            .output("y")
            .build());
    all.put(
        "table of a Gather and a transposed Gemm",
        table()
            .input("p", 4, 8)
            .node("Gather", "e ids", "rows")
            .node("Gemm", "p e", "logits", integer("transB", 1))
            .output("rows", "logits")
            .build());
    all.put(
        "table of two Gathers and a MatMul",
        table()
            .input("p", 4, 20)
            .node("Gather", "e ids", "rows")
            .node("Gather", "e ids", "columns", integer("axis", 1))
            .node("MatMul", "p e", "soft")
            .output("rows", "columns", "soft")
            .build());
    all.put(
        "matrix on the right and on the left",
        square().node("MatMul", "w x", "b").output("a", "b").build());
    all.put(
        "matrix of a MatMul and a transposed Gemm",
        square().node("Gemm", "x w", "b", integer("transB", 1)).output("a", "b").build());
    all.put("matrix and summand", square().node("Add", "a w", "y").output("y").build());
    all.put("matrix and bias", square().node("Gemm", "x w w", "b").output("a", "b").build());
    all.put(
        "matrix as bias of another",
        square().weight("v", 8, 8).node("Gemm", "x v w", "b").output("a", "b").build());
    all.put(
        "bias, scale and summand",
        Models.opset(17)
            .input("x", 8, 8)
            .weight("w", 8, 8)
            .weight("b", 8)
            .node("Gemm", "x w b", "h")
            .node("LayerNormalization", "h b b", "n")
            .node("Add", "n b", "y")
            .output("y")
            .build());
    kernels(all);
  }

  private static Models square() {
    return Models.opset(17).input("x", 8, 8).weight("w", 8, 8).node("MatMul", "x w", "a");
  }

  private static void kernels(Map<String, OnnxModel> all) {
    all.put(
        "kernel of two Conv with other groups",
        Models.opset(17)
            .input("x", 1, 2, 9, 9)
            .input("z", 1, 4, 9, 9)
            .weight("w", 4, 2, 3, 3)
            .node("Conv", "x w", "a")
            .node("Conv", "z w", "b", group(2))
            .output("a", "b")
            .build());
    for (boolean first : List.of(true, false)) {
      Models models =
          Models.opset(17)
              .input("x", 1, 2, 9, 9)
              .input("z", 1, 4, 9, 9)
              .weight("w", 4, 2, 3, 3)
              .weight("b", 4);
      if (first) {
        models.node("Conv", "x w b", "a");
      }
      models.node("ConvTranspose", "z w b", "c", group(2));
      if (!first) {
        models.node("Conv", "x w b", "a");
      }
      all.put(
          "kernel of Conv and ConvTranspose" + (first ? "" : ", which is first"),
          models.output("a", "c").build());
    }
    all.put(
        "left stack and kernel of a ConvTranspose in groups",
        Models.opset(17)
            .input("x", 4, 3, 5)
            .input("z", 1, 4, 9)
            .weight("w", 4, 2, 3)
            .weight("b", 4)
            .node("MatMul", "w x", "a")
            .node("ConvTranspose", "z w b", "c", group(2))
            .output("a", "c")
            .build());
  }

  private static void values(Map<String, OnnxModel> all) {
    for (float value :
        List.of(Float.NEGATIVE_INFINITY, Float.POSITIVE_INFINITY, 3e38f, -1e31f, 1e-42f)) {
      all.put("bias that holds " + value, valued(1, value));
    }
    for (float factor : List.of(0f, 1e-41f, 1e-37f, 1e-30f, 1e20f)) {
      all.put("weights times " + factor, valued(factor, 1));
    }
  }

  private static OnnxModel valued(float factor, float first) {
    float[] weights = Reference.gaussian(3, 16, 8).toFloatArray();
    for (int i = 0; i < weights.length; i++) {
      weights[i] *= .3f * factor;
    }
    List<Float> bias = new ArrayList<>(List.of(first, -1f, 2f, -3f, .5f, 0f, 1f, -.1f));
    float[] values = new float[8];
    for (int i = 0; i < values.length; i++) {
      values[i] = bias.get(i);
    }
    return Models.opset(17)
        .input("x", 4, 16)
        .constant(TensorCodec.floats("w", List.of(16L, 8L), weights))
        .constant(TensorCodec.floats("b", List.of(8L), values))
        .node("Gemm", "x w b", "h")
        .node("Sigmoid", "h", "y")
        .output("y")
        .build();
  }
}
