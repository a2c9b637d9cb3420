package dev.tare.engine.range;

import dev.tare.engine.histogram.Distribution;

/**
 * Quantiles of a distribution, and shares outside a range, for reports: values are assumed uniform
 * inside a bin, cut to the exact extremes, as in {@link Percentile}.
 */
public final class Quantiles {

  private final Distribution distribution;
  private final Tails above;
  private final Tails below;

  private Quantiles(Distribution distribution) {
    this.distribution = distribution;
    this.above = Tails.above(distribution);
    this.below = above.mirrored();
  }

  /**
   * Prepares a distribution. Cost: one pass over the bins; a query then costs the logarithm of
   * their number.
   *
   * @throws IllegalArgumentException if values were seen but only their extremes kept
   */
  public static Quantiles of(Distribution distribution) {
    if (!Float.isNaN(distribution.min())) {
      requireHistogram(distribution);
    }
    return new Quantiles(distribution);
  }

  private static void requireHistogram(Distribution distribution) {
    if (distribution.isEmpty()) {
      throw new IllegalArgumentException(
          "Cannot tell shares of values: values in [%s, %s] but no histogram of them"
              .formatted(distribution.min(), distribution.max()));
    }
  }

  /**
   * Returns the point with a given share of the values below it: 0 gives the minimum, 1 the
   * maximum, and the range of {@link Percentile} P goes from (1 - P/100) / 2 to its complement.
   *
   * @param share in [0, 1]
   * @return NaN without values
   * @throws IllegalArgumentException if the share is outside [0, 1]
   */
  public double at(double share) {
    if (!(share >= 0 && share <= 1)) {
      throw new IllegalArgumentException("Invalid quantile " + share + ": must be in [0, 1]");
    }
    if (distribution.isEmpty()) {
      return Double.NaN;
    }
    if (share == 0 || share == 1) {
      return share == 0 ? distribution.min() : distribution.max();
    }
    // From the nearer tail, so that a small share keeps its precision.
    return share > 0.5
        ? above.pointBelow((1 - share) * above.total())
        : -below.pointBelow(share * below.total());
  }

  /**
   * Expected share of values below {@code low} or above {@code high}, in [0, 1]; NaN without
   * values.
   *
   * @throws IllegalArgumentException if the ends are not in order
   */
  public double outside(double low, double high) {
    if (!(low <= high)) {
      throw new IllegalArgumentException("Invalid range [" + low + ", " + high + "]");
    }
    return (below.count(-low) + above.count(high)) / above.total();
  }
}
