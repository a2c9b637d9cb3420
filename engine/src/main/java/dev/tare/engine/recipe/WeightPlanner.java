package dev.tare.engine.recipe;

import dev.tare.engine.histogram.Distribution;
import dev.tare.engine.histogram.FloatBins;
import dev.tare.engine.quant.Granularity;
import dev.tare.engine.quant.QuantError;
import dev.tare.engine.quant.QuantParams;
import dev.tare.engine.quant.Quantizer;
import dev.tare.engine.quant.Rounding;
import dev.tare.engine.range.Range;
import dev.tare.engine.tensor.DType;
import dev.tare.engine.tensor.Shape;
import dev.tare.engine.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * Decides about constant weights from their values.
 *
 * <p>The error of a weight is measured, not estimated: all its values are at hand.
 */
public final class WeightPlanner {

  private final Recipe recipe;

  public WeightPlanner(Recipe recipe) {
    this.recipe = recipe;
  }

  /**
   * The decision for one weight.
   *
   * <p>Costs a sort of the values of each channel.
   *
   * @param axis the axis of its output channels, in [0, rank)
   * @param consumers names of the nodes that would read it quantized
   */
  public TensorPlan plan(String name, Tensor weight, int axis, List<String> consumers) {
    TensorRule rule = recipe.weights();
    Optional<String> reason = reasonForFloat(weight);
    OptionalInt channelAxis = rule.perChannel() ? OptionalInt.of(axis) : OptionalInt.empty();
    List<ChannelPlan> channels = new ArrayList<>();
    if (reason.isEmpty()) {
      float[] values = weight.toFloatArray();
      if (rule.perChannel()) {
        for (int c = 0; c < weight.shape().dim(axis); c++) {
          channels.add(channel(name, channelValues(values, weight.shape(), axis, c), rule));
        }
      } else {
        channels.add(channel(name, values, rule));
      }
    }
    return new TensorPlan(
        name,
        Role.WEIGHT,
        consumers,
        reason,
        Optional.of(weight.shape()),
        rule.type(),
        rule.symmetric(),
        rule.narrowRange(),
        rule.reduceRange(),
        rule.method().name(),
        reason.isEmpty() ? channelAxis : OptionalInt.empty(),
        channels);
  }

  private Optional<String> reasonForFloat(Tensor weight) {
    if (weight.dtype() != DType.FLOAT32) {
      return Optional.of("the weight is " + weight.dtype() + ", not FLOAT32");
    }
    if (weight.shape().size() == 0) {
      return Optional.of("the weight has no values");
    }
    for (float value : weight.toFloatArray()) {
      if (!Float.isFinite(value)) {
        return Optional.of("the weight holds NaN or infinity");
      }
      if (Math.abs(value) > recipe.floatAbove()) {
        return Optional.of("the weight reaches " + value + ", beyond " + recipe.floatAbove());
      }
    }
    return Optional.empty();
  }

  static float[] channelValues(float[] values, Shape shape, int axis, int channel) {
    int inner = Math.toIntExact(shape.stride(axis));
    int channels = Math.toIntExact(shape.dim(axis));
    float[] picked = new float[values.length / channels];
    int next = 0;
    for (int start = channel * inner; start < values.length; start += channels * inner) {
      System.arraycopy(values, start, picked, next, inner);
      next += inner;
    }
    return picked;
  }

  private static ChannelPlan channel(String name, float[] values, TensorRule rule) {
    try {
      Range range = rule.method().select(distribution(values, rule), rule.target());
      QuantParams params = rule.target().params(range);
      Tensor channel = Tensor.ofFloats(Shape.of(values.length), values);
      Tensor fake =
          Quantizer.fakeQuantize(
              channel,
              List.of(params),
              Granularity.perTensor(),
              rule.target().limits(),
              Rounding.DIVISION);
      QuantError error = QuantError.between(values, fake.toFloatArray());
      int clipped = 0;
      for (float value : values) {
        if (value < range.low() || value > range.high()) {
          clipped++;
        }
      }
      return new ChannelPlan(range, params, (double) clipped / values.length, error.sqnrDb());
    } catch (IllegalArgumentException | UnsupportedOperationException e) {
      throw new IllegalArgumentException(
          "Cannot select a range for weight '%s' by %s: %s"
              .formatted(name, rule.method().name(), e.getMessage()),
          e);
    }
  }

  /** Exact values, or the bins that an observer would count them in where the method needs bins. */
  private static Distribution distribution(float[] values, TensorRule rule) {
    float[] sorted = values.clone();
    for (int i = 0; i < sorted.length; i++) {
      // Negative zero sorts before zero, yet is the same number.
      sorted[i] += 0f;
    }
    Arrays.sort(sorted);
    FloatBins bins = FloatBins.of(FloatBins.MAX_MANTISSA_BITS);
    boolean binned = rule.method().needsBins();
    double[] lower = new double[sorted.length];
    double[] upper = new double[sorted.length];
    long[] count = new long[sorted.length];
    int last = -1;
    for (float value : sorted) {
      boolean exact = !binned || value == 0;
      double low = exact ? value : Math.max(bins.lower(bins.bin(value)), sorted[0]);
      double high =
          exact ? value : Math.min(bins.upper(bins.bin(value)), sorted[sorted.length - 1]);
      if (last < 0 || lower[last] != low || upper[last] != high) {
        last++;
        lower[last] = low;
        upper[last] = high;
      }
      count[last]++;
    }
    int size = last + 1;
    return Distribution.of(
        Arrays.copyOf(lower, size),
        Arrays.copyOf(upper, size),
        Arrays.copyOf(count, size),
        sorted[0],
        sorted[sorted.length - 1]);
  }
}
