package dev.tare.engine.plan;

import dev.tare.engine.histogram.Distribution;
import dev.tare.engine.histogram.FloatBins;
import dev.tare.engine.quant.Granularity;
import dev.tare.engine.quant.QuantError;
import dev.tare.engine.quant.QuantParams;
import dev.tare.engine.quant.QuantType;
import dev.tare.engine.quant.Quantizer;
import dev.tare.engine.quant.Rounding;
import dev.tare.engine.range.MinMax;
import dev.tare.engine.range.Range;
import dev.tare.engine.range.Target;
import dev.tare.engine.recipe.Recipe;
import dev.tare.engine.recipe.TensorQuery;
import dev.tare.engine.recipe.TensorRule;
import dev.tare.engine.tensor.DType;
import dev.tare.engine.tensor.Shape;
import dev.tare.engine.tensor.Tensor;
import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * Plans constant weights from their values.
 *
 * <p>The error of a weight is measured, not estimated, since all its values are known.
 */
public final class WeightPlanner {

  private final Recipe recipe;

  public WeightPlanner(Recipe recipe) {
    this.recipe = recipe;
  }

  /**
   * Plans one weight.
   *
   * <p>Costs a sort of the values of each channel, unless the method reads only their extremes, and
   * memory for some of them. For blocks, every entry has the error of the whole tensor and the
   * interval that the integers can represent: there are too many to store more.
   *
   * @param query what the recipe's rules match; about the same tensor
   */
  public TensorPlan plan(Tensor weight, TensorQuery query) {
    Recipe.Decision decision = recipe.decide(query);
    Optional<Shape> shape = Optional.of(weight.shape());
    Optional<String> reason = reasonForFloat(weight, decision.rule());
    if (reason.isPresent()) {
      return TensorPlan.left(query, shape, decision, reason.get());
    }
    Granularity granularity = decision.rule().granularity(query);
    WeightRuns runs = WeightRuns.of(weight.shape(), granularity);
    FloatBuffer values = weight.floats();
    ScaleColumns.Builder channels =
        new ScaleColumns.Builder(decision.rule().target().type(), runs.count());
    QuantError error = QuantError.NONE;
    long clipped = 0;
    Target target = decision.rule().target();
    boolean compared = !decision.rule().method().needsOnlyExtremes();
    UnclippedTally tally = new UnclippedTally();
    while (channels.size() < runs.count()) {
      for (float[] ofScale : runs.tile(values, channels.size())) {
        Measured measured = measure(query.tensor(), ofScale, decision.rule());
        channels.add(measured.channel());
        if (compared) {
          tally(tally, ofScale, measured.channel(), measured.error(), target);
        }
        error = error.plus(measured.error());
        clipped += measured.clipped();
      }
    }
    ScaleColumns scales =
        granularity.blockSize().isEmpty()
            ? channels.build()
            : channels.buildBlocks(
                decision.rule().target().limits(),
                (double) clipped / values.limit(),
                error.sqnrDb());
    return TensorPlan.of(
        query,
        shape,
        decision,
        granularity,
        compared ? scales.with(result(tally, granularity)) : scales);
  }

  private static void tally(
      UnclippedTally tally, float[] values, ChannelPlan channel, QuantError error, Target target) {
    Range all = new MinMax().select(extremes(values), target);
    double step = channel.params().scale();
    tally.add(channel.range(), step, error, all, error(values, target.params(all), target));
  }

  private static UnclippedRange result(UnclippedTally tally, Granularity granularity) {
    return granularity.blockSize().isPresent() ? tally.ofTensor() : tally.ofChannels();
  }

  /**
   * Plans one weight with scales that somebody else has found, and measures their error.
   *
   * @throws IllegalArgumentException naming the tensor, if they are too few or too many, or do not
   *     fit the recipe's target
   */
  public TensorPlan plan(Tensor weight, TensorQuery query, FoundScales found) {
    TensorPlan plan = plan(weight, query);
    if (!plan.quantized()) {
      return plan;
    }
    WeightRuns runs = WeightRuns.of(weight.shape(), plan.granularity());
    List<QuantParams> scales = found.params(query.tensor(), plan.target(), runs.count());
    return withScales(weight, plan, scales, ActivationPlanner.GIVEN);
  }

  /**
   * Returns the plan of a weight with other scales, and the error that rounding to nearest has with
   * them.
   *
   * @param method what found the scales
   * @throws IllegalArgumentException if there are too few or too many
   */
  public static TensorPlan withScales(
      Tensor weight, TensorPlan plan, List<QuantParams> scales, String method) {
    if (plan.granularity().blockSize().isPresent()) {
      return withBlockScales(weight, plan, scales, method);
    }
    WeightRuns runs = WeightRuns.of(weight.shape(), plan.granularity());
    if (scales.size() != runs.count()) {
      throw new IllegalArgumentException(
          "Weight '%s' has %d scales, but %d were found"
              .formatted(plan.tensor(), runs.count(), scales.size()));
    }
    ScaleColumns.Builder channels = new ScaleColumns.Builder(plan.type(), scales.size());
    FloatBuffer values = weight.floats();
    UnclippedTally tally = new UnclippedTally();
    while (channels.size() < runs.count()) {
      for (float[] ofScale : runs.tile(values, channels.size())) {
        QuantParams params = scales.get(channels.size());
        Range range = FoundScales.range(params, plan.target());
        QuantError error = error(ofScale, params, plan.target());
        double share = (double) clipped(ofScale, range) / ofScale.length;
        ChannelPlan channel = new ChannelPlan(range, params, share, error.sqnrDb());
        channels.add(channel);
        if (!plan.type().learned()) {
          tally(tally, ofScale, channel, error, plan.target());
        }
      }
    }
    ScaleColumns found = channels.build();
    return plan.withScales(
        method, plan.type().learned() ? found : found.with(result(tally, plan.granularity())));
  }

  /**
   * Returns the plan of a weight in blocks with other scales, and the error that rounding to
   * nearest has with them.
   *
   * @param method what found the scales
   * @throws IllegalArgumentException if there are too few or too many
   */
  public static TensorPlan withBlockScales(
      Tensor weight, TensorPlan plan, List<QuantParams> scales, String method) {
    WeightRuns runs = WeightRuns.of(weight.shape(), plan.granularity());
    if (scales.size() != runs.count()) {
      throw new IllegalArgumentException(
          "Weight '%s' has %d blocks, but %d scales were found"
              .formatted(plan.tensor(), runs.count(), scales.size()));
    }
    FloatBuffer values = weight.floats();
    float[] steps = new float[scales.size()];
    int[] zeroPoints = new int[scales.size()];
    QuantError error = QuantError.NONE;
    UnclippedTally tally = new UnclippedTally();
    for (int p = 0; p < scales.size(); ) {
      for (float[] ofScale : runs.tile(values, p)) {
        QuantParams params = scales.get(p);
        steps[p] = params.scale();
        zeroPoints[p] = params.zeroPoint();
        QuantError own = error(ofScale, params, plan.target());
        error = error.plus(own);
        if (!plan.type().learned()) {
          Range range = FoundScales.range(params, plan.target());
          tally(tally, ofScale, new ChannelPlan(range, params, 0, 0), own, plan.target());
        }
        p++;
      }
    }
    ScaleColumns found =
        ScaleColumns.ofBlocks(plan.type(), plan.limits(), steps, zeroPoints, 0, error.sqnrDb());
    long clipped = 0;
    for (int p = 0; p < scales.size(); ) {
      for (float[] ofScale : runs.tile(values, p)) {
        clipped += clipped(ofScale, found.range(p++));
      }
    }
    found =
        ScaleColumns.ofBlocks(
            plan.type(),
            plan.limits(),
            steps,
            zeroPoints,
            (double) clipped / values.limit(),
            error.sqnrDb());
    return plan.withScales(method, plan.type().learned() ? found : found.with(tally.ofTensor()));
  }

  private Optional<String> reasonForFloat(Tensor weight, TensorRule rule) {
    if (weight.dtype() != DType.FLOAT32) {
      return Optional.of("the weight is " + weight.dtype() + ", not FLOAT32");
    }
    if (weight.shape().size() == 0) {
      return Optional.of("the weight has no values");
    }
    FloatBuffer values = weight.floats();
    float magnitude = 0;
    while (values.hasRemaining()) {
      float value = values.get();
      magnitude = Math.max(magnitude, Math.abs(value));
      if (!Float.isFinite(value)) {
        return Optional.of("the weight contains NaN or infinity");
      }
      if (Math.abs(value) > recipe.floatAbove()) {
        return Optional.of("the weight reaches " + value + ", beyond " + recipe.floatAbove());
      }
    }
    if (rule.type() == QuantType.FLOAT16 && magnitude > rule.type().qmax()) {
      return Optional.of(
          "the weight reaches %s, beyond %d of FLOAT16".formatted(magnitude, rule.type().qmax()));
    }
    return rule.target().rule().underflows(-magnitude, magnitude)
        ? Optional.of("the weight reaches no further than " + magnitude + ", too small for a scale")
        : Optional.empty();
  }

  private record Measured(ChannelPlan channel, QuantError error, int clipped) {}

  /** Returns the error of quantizing values with one scale. */
  static QuantError error(float[] values, QuantParams params, Target target) {
    Tensor channel = Tensor.ofFloats(Shape.of(values.length), values);
    Tensor fake =
        Quantizer.fakeQuantize(
            channel, List.of(params), Granularity.perTensor(), target.limits(), Rounding.DIVISION);
    return QuantError.between(values, fake.toFloatArray());
  }

  /** Returns how many of the values are outside their range. */
  static int clipped(float[] values, Range range) {
    int clipped = 0;
    for (float value : values) {
      if (value < range.low() || value > range.high()) {
        clipped++;
      }
    }
    return clipped;
  }

  private static Measured measure(String name, float[] values, TensorRule rule) {
    try {
      Range range = rule.method().select(distribution(values, rule), rule.target());
      QuantParams params = rule.target().params(range);
      params = params.type().learned() ? params.learned(values) : params;
      QuantError error = error(values, params, rule.target());
      int clipped = clipped(values, range);
      double share = (double) clipped / values.length;
      return new Measured(new ChannelPlan(range, params, share, error.sqnrDb()), error, clipped);
    } catch (IllegalArgumentException | UnsupportedOperationException e) {
      throw new IllegalArgumentException(
          "Cannot select a range for weight '%s' by %s: %s"
              .formatted(name, rule.method().name(), e.getMessage()),
          e);
    }
  }

  /**
   * Returns the exact values as a distribution, or, if the method needs bins, the bins of an
   * observer; no values where it reads only the extremes.
   */
  private static Distribution distribution(float[] values, TensorRule rule) {
    return rule.method().needsOnlyExtremes() ? extremes(values) : sorted(values, rule);
  }

  private static Distribution extremes(float[] values) {
    float min = Float.POSITIVE_INFINITY;
    float max = Float.NEGATIVE_INFINITY;
    for (float value : values) {
      min = Math.min(min, value);
      max = Math.max(max, value);
    }
    // As in the sorted values, no negative zero.
    return Distribution.of(new double[0], new double[0], new long[0], min + 0f, max + 0f);
  }

  private static Distribution sorted(float[] values, TensorRule rule) {
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
