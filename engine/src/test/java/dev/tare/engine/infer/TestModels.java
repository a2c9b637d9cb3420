package dev.tare.engine.infer;

import dev.tare.engine.tensor.Sample;
import dev.tare.engine.tensor.Shape;
import dev.tare.engine.tensor.Tensor;
import dev.tare.testkit.Models;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/** Models small enough that their outputs are known by heart. */
public final class TestModels {

  public static final InferenceOptions OPTIONS = InferenceOptions.of(1);

  private TestModels() {}

  /** x[batch, n] to relu = max(x, 0) and twice = x + x; none of them mixes values. */
  public static Models elementwise() {
    return Models.opset(13)
        .input("x", "batch", "n")
        .node("Relu", "x", "relu")
        .node("Add", "x x", "twice")
        .output("relu", "twice");
  }

  /** As above, and top = the largest of each column of the batch, without a batch dimension. */
  static Models withoutBatch() {
    return elementwise()
        .node("ReduceMax", "x", "top", Models.ints("axes", 0L), Models.integer("keepdims", 0))
        .output("top");
  }

  /** As above, and each row less the largest of its column: the shape is right, the values mix. */
  static Models mixing() {
    return elementwise()
        .node("ReduceMax", "x", "top", Models.ints("axes", 0L), Models.integer("keepdims", 1))
        .node("Sub", "x top", "less")
        .output("less");
  }

  /** x[batch, n] to relu, and chosen = its positive values, however many there are. */
  public static Models choosing() {
    return elementwise()
        .node("Constant", "", "zero", Models.scalar("value", 0))
        .node("Greater", "x zero", "positive")
        .node("NonZero", "positive", "places")
        .node("Transpose", "places", "rows", Models.ints("perm", 1L, 0L))
        .node("GatherND", "x rows", "chosen")
        .output("chosen");
  }

  public static Path write(Models model, Path file) {
    try {
      return Files.write(file, model.bytes());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  public static Sample sample(float... values) {
    return Sample.of(Map.of("x", Tensor.ofFloats(Shape.of(values.length), values)));
  }

  public static Sample random(Random random, int length) {
    float[] values = new float[length];
    for (int i = 0; i < length; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return sample(values);
  }

  public static float[] values(Sample sample) {
    return sample.inputs().get("x").toFloatArray();
  }

  /** Copies of the outputs of one batch. */
  public static Map<String, Tensor> run(Runner runner, List<Sample> batch) {
    Map<String, Tensor> outputs = new HashMap<>();
    runner.run(
        batch,
        (name, floats, shape) -> {
          float[] copy = new float[floats.remaining() / 4];
          ByteBuffer view = floats.duplicate().order(ByteOrder.nativeOrder());
          view.asFloatBuffer().get(copy);
          outputs.put(name, Tensor.ofFloats(shape, copy));
        });
    return outputs;
  }
}
