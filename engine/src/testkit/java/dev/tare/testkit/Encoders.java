package dev.tare.testkit;

import static dev.tare.testkit.Models.integer;
import static dev.tare.testkit.Models.ints;

import dev.tare.engine.onnx.proto.TensorProto;
import java.util.List;

/**
 * A layer of a transformer's encoder, x[batch, rows, 8] to y of the same shape, as exporters write
 * it: attention of two heads, of which the values' shapes are computed, and a dense part of 16
 * channels.
 */
public final class Encoders {

  private static final long CHANNELS = 8;
  private static final long HEADS = 2;
  private static final long INNER = 16;

  private final Models models = Models.exported(17);
  private final boolean fused;

  private Encoders(boolean fused) {
    this.fused = fused;
  }

  /**
   * One that normalizes what attention and the dense part read, so that only products read it.
   *
   * @param fused whether a LayerNormalization does, or nodes like those of older exporters
   * @param activation Relu or Gelu, in six nodes
   */
  public static Models normalizingBefore(boolean fused, String activation) {
    Encoders encoder = new Encoders(fused);
    encoder.begin();
    encoder.normalization("n1", "x");
    encoder.attention("n1");
    encoder.models.node("Add", "sum1", List.of("o", "x"), "s1");
    encoder.normalization("n2", "s1");
    encoder.dense("n2", activation);
    encoder.models.node("Add", "sum2", List.of("d", "s1"), "y");
    return encoder.end();
  }

  /** One that normalizes sums, as BERT does, so that the next sum reads it too. */
  public static Models normalizingBehind(boolean fused, String activation) {
    Encoders encoder = new Encoders(fused);
    encoder.begin();
    encoder.attention("x");
    encoder.models.node("Add", "sum1", List.of("o", "x"), "s1");
    encoder.normalization("n1", "s1");
    encoder.dense("n1", activation);
    encoder.models.node("Add", "sum2", List.of("d", "n1"), "s2");
    encoder.normalization("y", "s2");
    return encoder.end();
  }

  private void begin() {
    models
        .input("x", TensorProto.DataType.FLOAT, "batch", "rows", CHANNELS)
        .constant(Models.longs("zero", 0L))
        .constant(Models.longs("one", 1L))
        .constant(Models.longs("heads", HEADS))
        .constant(Models.longs("each", CHANNELS / HEADS))
        .constant(Models.longs("parted", 0L, 0L, HEADS, CHANNELS / HEADS))
        .constant(Models.longs("joined", 0L, 0L, CHANNELS));
  }

  private Models end() {
    return models.output("y", TensorProto.DataType.FLOAT, "batch", "rows", CHANNELS);
  }

  private void normalization(String result, String input) {
    models.weight(result + "_scale", CHANNELS).weight(result + "_bias", CHANNELS);
    if (fused) {
      List<String> operands = List.of(input, result + "_scale", result + "_bias");
      models.node("LayerNormalization", result + "_norm", operands, result);
      return;
    }
    models
        .constant(Models.floats(result + "_two", new float[] {2}))
        .constant(Models.floats(result + "_eps", new float[] {1e-5f}))
        .node("ReduceMean", input, result + "_m", ints("axes", -1L))
        .node("Sub", input + " " + result + "_m", result + "_c")
        .node("Pow", result + "_c " + result + "_two", result + "_p")
        .node("ReduceMean", result + "_p", result + "_v", ints("axes", -1L))
        .node("Add", result + "_v " + result + "_eps", result + "_e")
        .node("Sqrt", result + "_e", result + "_r")
        .node("Div", result + "_c " + result + "_r", result + "_d")
        .node("Mul", result + "_mul", List.of(result + "_d", result + "_scale"), result + "_s")
        .node("Add", result + "_add", List.of(result + "_s", result + "_bias"), result);
  }

  private void linear(String name, String input, String result, long inputs, long results) {
    models
        .weight(name + "_w", inputs, results)
        .weight(name + "_b", results)
        .node("MatMul", name, List.of(input, name + "_w"), name + "_m")
        .node("Add", name + "_add", List.of(name + "_b", name + "_m"), result);
  }

  private void attention(String input) {
    for (String each : List.of("q", "k", "v")) {
      linear(each, input, each + "_out", CHANNELS, CHANNELS);
    }
    models
        .node("Shape", "v_out", "v_shape")
        .node("Gather", "v_shape zero", "v_batch", integer("axis", 0))
        .node("Gather", "v_shape one", "v_rows", integer("axis", 0))
        .node("Concat", "v_batch v_rows heads each", "v_parted", integer("axis", 0))
        .node("Reshape", "q_out parted", "q_heads")
        .node("Reshape", "k_out parted", "k_heads")
        .node("Reshape", "v_parts", List.of("v_out", "v_parted"), "v_heads")
        .node("Transpose", "q_heads", "q_first", ints("perm", 0L, 2L, 1L, 3L))
        .node("Transpose", "k_heads", "k_first", ints("perm", 0L, 2L, 3L, 1L))
        .node("Transpose", "v_first", List.of("v_heads"), "v_t", ints("perm", 0L, 2L, 1L, 3L))
        .node("MatMul", "scores", List.of("q_first", "k_first"), "scored")
        .node("Softmax", "softmax", List.of("scored"), "weights", integer("axis", -1))
        .node("MatMul", "mix", List.of("weights", "v_t"), "mixed")
        .node("Transpose", "back", List.of("mixed"), "mixed_t", ints("perm", 0L, 2L, 1L, 3L))
        .node("Shape", "mixed_t", "mixed_shape")
        .node("Identity", "mixed_shape", "unread")
        .node("Reshape", "join", List.of("mixed_t", "joined"), "context");
    linear("out", "context", "o", CHANNELS, CHANNELS);
  }

  private void dense(String input, String activation) {
    linear("up", input, "u", CHANNELS, INNER);
    if (activation.equals("Relu")) {
      models.node("Relu", "bend", List.of("u"), "h");
    } else {
      models
          .constant(Models.floats("root", new float[] {1.4142135f}))
          .constant(Models.floats("unit", new float[] {1}))
          .constant(Models.floats("half", new float[] {.5f}))
          .node("Div", "u root", "u_d")
          .node("Erf", "u_d", "u_e")
          .node("Add", "u_e unit", "u_1")
          .node("Mul", "u u_1", "u_2")
          .node("Mul", "bend", List.of("u_2", "half"), "h");
    }
    linear("down", "h", "d", INNER, CHANNELS);
  }
}
