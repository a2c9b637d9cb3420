package dev.tare.engine.range;

import dev.tare.engine.histogram.Distribution;

/**
 * The range that contains a given share of the values.
 *
 * <p>Two-sided: half of what is cut is below the range and half above, each end interpolated inside
 * its bin as if values were uniform there. Of magnitudes: the smallest [-t, t] that contains the
 * share. 100 is min-max; shares of half or less are refused. Differs from ONNX Runtime and from
 * NVIDIA's Model Optimizer, which use the left edge of a bin ({@link PercentileOrt}).
 *
 * <p>Cost: linear in the bins, once.
 *
 * @param percentile share of values inside, in percent, in (50, 100]
 * @param magnitude whether the share is of |x|
 */
public record Percentile(double percentile, boolean magnitude) implements RangeSelector {

  static final String PREFIX = "percentile";
  static final String ABS_PREFIX = "percentile-abs";
  static final double DEFAULT = 99.99;

  private static final int HALVINGS = 64;

  /**
   * @throws IllegalArgumentException if the percentile is outside (50, 100]
   */
  public Percentile {
    if (!(percentile > 50 && percentile <= 100)) {
      throw new IllegalArgumentException(
          "Invalid percentile " + text(percentile) + ": must be in (50, 100]");
    }
  }

  @Override
  public Range select(Distribution distribution, Target target) {
    Range full = MinMax.full(distribution);
    if (MinMax.settles(full) || percentile == 100) {
      return full;
    }
    MinMax.requireHistogram(distribution, name());
    Tails above = Tails.above(distribution);
    Tails below = above.mirrored();
    double cut = (100 - percentile) / 100 * above.total();
    if (magnitude) {
      double limit = limit(above, below, cut, full.magnitude());
      return MinMax.inside(full, -limit, limit);
    }
    return MinMax.inside(full, -below.pointBelow(cut / 2), above.pointBelow(cut / 2));
  }

  @Override
  public String name() {
    return (magnitude ? ABS_PREFIX : PREFIX) + "-" + text(percentile);
  }

  /** The smallest limit with at most {@code cut} values of |x| above it, to the last bit. */
  private static double limit(Tails above, Tails below, double cut, double largest) {
    double outside = 0;
    double inside = largest;
    for (int i = 0; i < HALVINGS && outside < inside; i++) {
      double middle = (outside + inside) / 2;
      if (above.count(middle) + below.count(middle) <= cut) {
        inside = middle;
      } else {
        outside = middle;
      }
    }
    return inside;
  }

  /** Formats a number as recipes do: without a zero fraction. */
  static String text(double number) {
    String text = Double.toString(number);
    return text.endsWith(".0") ? text.substring(0, text.length() - 2) : text;
  }
}
