package dev.tare.engine.statistics;

import dev.tare.engine.histogram.Distribution;
import dev.tare.engine.histogram.Histogram;
import dev.tare.engine.tensor.SampleOrigin;
import java.util.Optional;
import java.util.function.Function;

/**
 * The merged state of one row of statistics: a whole tensor or one channel.
 *
 * <p>Immutable. {@link #merge} is associative and commutative, with {@link #empty} as identity.
 * Every field is a function of the multiset of observed values, and the sample of an extreme is a
 * function of the multiset of samples: of those that contain it, the first in {@link
 * SampleOrigin}'s order. If two states have the same extreme, a known sample wins over an unknown
 * one.
 *
 * @param count all values, non-finite ones included
 * @param zeros exact zeros of either sign
 * @param nans NaNs of any payload
 * @param posInfs values +Inf
 * @param negInfs values -Inf
 * @param min smallest finite value, exact; NaN when there is none; -0.0 is stored as +0.0
 * @param max largest finite value, exact; NaN when there is none; -0.0 is stored as +0.0
 * @param histogram the finite non-zero values; empty when only extremes were kept
 * @param minSample the sample that contains min; empty when it is not known
 * @param maxSample the sample that contains max; empty when it is not known
 */
public record Statistics(
    long count,
    long zeros,
    long nans,
    long posInfs,
    long negInfs,
    float min,
    float max,
    Optional<Histogram> histogram,
    Optional<SampleOrigin> minSample,
    Optional<SampleOrigin> maxSample) {

  private static final Optional<SampleOrigin> NONE = Optional.empty();

  /**
   * @throws IllegalArgumentException if a count is negative, the parts exceed or, with a histogram,
   *     differ from the count, min and max contradict the counts, or a sample is given without
   *     finite values
   * @throws ArithmeticException if the sum of counts overflows a long
   */
  public Statistics {
    min += 0.0f;
    max += 0.0f;
    if ((count | zeros | nans | posInfs | negInfs) < 0) {
      throw new IllegalArgumentException(
          "Invalid statistics: negative among count %d, zeros %d, nans %d, +infs %d, -infs %d"
              .formatted(count, zeros, nans, posInfs, negInfs));
    }
    long others = Math.addExact(Math.addExact(zeros, nans), Math.addExact(posInfs, negInfs));
    long rest = count - others;
    if (rest < 0 || (histogram.isPresent() && histogram.get().total() != rest)) {
      throw new IllegalArgumentException(
          "Invalid statistics: count %d vs zeros %d + nans %d + +infs %d + -infs %d%s"
              .formatted(
                  count,
                  zeros,
                  nans,
                  posInfs,
                  negInfs,
                  histogram.map(h -> " + binned " + h.total()).orElse("")));
    }
    if (!fits(min, max, zeros, rest) || !histogram.map(agrees(min, max, zeros)).orElse(true)) {
      throw new IllegalArgumentException(
          "Invalid statistics: min %s and max %s of %d zeros and %d other finite values%s"
              .formatted(min, max, zeros, rest, histogram.map(h -> " in " + h).orElse("")));
    }
    if (Float.isNaN(min) && (minSample.isPresent() || maxSample.isPresent())) {
      throw new IllegalArgumentException(
          "Invalid statistics: a sample holds an extreme, but there is no finite value");
    }
  }

  /** Creates statistics whose samples are not known. */
  public Statistics(
      long count,
      long zeros,
      long nans,
      long posInfs,
      long negInfs,
      float min,
      float max,
      Optional<Histogram> histogram) {
    this(
        count,
        zeros,
        nans,
        posInfs,
        negInfs,
        min,
        max,
        histogram,
        Optional.empty(),
        Optional.empty());
  }

  private static boolean fits(float min, float max, long zeros, long others) {
    if (zeros == 0 && others == 0) {
      return Float.isNaN(min) && Float.isNaN(max);
    }
    boolean ordered = Float.isFinite(min) && Float.isFinite(max) && min <= max;
    boolean holdsZero = zeros == 0 || (min <= 0 && 0 <= max);
    boolean isZero = others > 0 || (min == 0 && max == 0);
    boolean isNotZero = zeros > 0 || (min != 0 && max != 0);
    return ordered && holdsZero && isZero && isNotZero;
  }

  private static Function<Histogram, Boolean> agrees(float min, float max, long zeros) {
    return h -> {
      if (h.size() == 0) {
        return true;
      }
      int first = h.bin(0);
      int last = h.bin(h.size() - 1);
      boolean low = min == 0 ? zeros > 0 && first >= 0 : h.floatBins().bin(min) == first;
      boolean high = max == 0 ? zeros > 0 && last < 0 : h.floatBins().bin(max) == last;
      return low && high;
    };
  }

  /** Returns statistics of no values, with a histogram. */
  public static Statistics empty(int mantissaBits) {
    return of(0, 0, 0, 0, 0, Float.NaN, Float.NaN, Optional.of(Histogram.empty(mantissaBits)));
  }

  /** Returns statistics of no values, without a histogram. */
  public static Statistics emptyExtremes() {
    return of(0, 0, 0, 0, 0, Float.NaN, Float.NaN, Optional.empty());
  }

  private static Statistics of(
      long count,
      long zeros,
      long nans,
      long posInfs,
      long negInfs,
      float min,
      float max,
      Optional<Histogram> histogram) {
    return new Statistics(count, zeros, nans, posInfs, negInfs, min, max, histogram);
  }

  /**
   * Returns the statistics of both multisets of values together.
   *
   * @throws IllegalArgumentException if only one has a histogram, or mantissa bits differ
   * @throws ArithmeticException if a count overflows a long
   */
  public Statistics merge(Statistics other) {
    if (mantissaBits() != other.mantissaBits()) {
      throw new IllegalArgumentException(
          "Cannot merge statistics: %s vs %s".formatted(bins(), other.bins()));
    }
    float low =
        Float.isNaN(min) ? other.min : Float.isNaN(other.min) ? min : Math.min(min, other.min);
    float high =
        Float.isNaN(max) ? other.max : Float.isNaN(other.max) ? max : Math.max(max, other.max);
    return new Statistics(
        Math.addExact(count, other.count),
        Math.addExact(zeros, other.zeros),
        Math.addExact(nans, other.nans),
        Math.addExact(posInfs, other.posInfs),
        Math.addExact(negInfs, other.negInfs),
        low,
        high,
        histogram.map(h -> h.merge(other.histogram.orElseThrow())),
        SampleOrigin.first(
            min == low ? minSample : NONE, other.min == low ? other.minSample : NONE),
        SampleOrigin.first(
            max == high ? maxSample : NONE, other.max == high ? other.maxSample : NONE));
  }

  /** Returns the same statistics with the samples that contain the extremes. */
  public Statistics heldBy(Optional<SampleOrigin> low, Optional<SampleOrigin> high) {
    return new Statistics(count, zeros, nans, posInfs, negInfs, min, max, histogram, low, high);
  }

  /** Mantissa bits of the histogram; 0 without one. */
  public int mantissaBits() {
    return histogram.map(Histogram::mantissaBits).orElse(0);
  }

  /** Number of finite values, zeros included. */
  public long finite() {
    return count - nans - posInfs - negInfs;
  }

  String bins() {
    return histogram.map(h -> h.mantissaBits() + " mantissa bits").orElse("no histogram");
  }

  /**
   * Returns the finite values in order; zeros are a bin of width 0, and the outermost edges are min
   * and max. Without a histogram the view has extremes and no bins.
   */
  public Distribution distribution() {
    return histogram
        .map(h -> Distributions.ofValues(this, h))
        .orElseGet(() -> Distribution.of(new double[0], new double[0], new long[0], min, max));
  }
}
