package dev.tare.engine.histogram;

import java.util.Arrays;

/**
 * An ordered view of values in bins, uniform or not: what range selection reads.
 *
 * <p>Bin i holds {@code count(i)} values in [lower(i), upper(i)]; bins are sorted and do not
 * overlap; bins without values may be absent. Exact zeros are a bin of width 0 at 0. Recorded
 * histograms and histograms given as edges and counts are treated alike.
 */
public final class Distribution {

  private final double[] lower;
  private final double[] upper;
  private final long[] count;
  private final float min;
  private final float max;
  private final long total;

  private Distribution(double[] lower, double[] upper, long[] count, float min, float max) {
    this.lower = lower;
    this.upper = upper;
    this.count = count;
    this.min = min;
    this.max = max;
    long sum = 0;
    for (long c : count) {
      sum = Math.addExact(sum, c);
    }
    this.total = sum;
  }

  /**
   * Creates a view over arrays, which are copied.
   *
   * @param min the smallest value seen, exact; NaN when there is none
   * @param max the largest value seen, exact; NaN when there is none
   * @throws IllegalArgumentException if lengths differ, a count is negative, or bins are not sorted
   */
  public static Distribution of(
      double[] lower, double[] upper, long[] count, float min, float max) {
    if (lower.length != count.length || upper.length != count.length) {
      throw new IllegalArgumentException(
          "Invalid distribution: %d lower, %d upper, %d counts"
              .formatted(lower.length, upper.length, count.length));
    }
    for (int i = 0; i < count.length; i++) {
      boolean sorted = lower[i] <= upper[i] && (i == 0 || upper[i - 1] <= lower[i]);
      if (!sorted || count[i] < 0) {
        throw new IllegalArgumentException(
            "Invalid distribution: bin %d is [%s, %s] with count %d"
                .formatted(i, lower[i], upper[i], count[i]));
      }
    }
    return new Distribution(lower.clone(), upper.clone(), count.clone(), min, max);
  }

  public int bins() {
    return count.length;
  }

  public double lower(int bin) {
    return lower[bin];
  }

  public double upper(int bin) {
    return upper[bin];
  }

  public long count(int bin) {
    return count[bin];
  }

  /** The smallest finite value, exact; NaN when none was seen. */
  public float min() {
    return min;
  }

  /** The largest finite value, exact; NaN when none was seen. */
  public float max() {
    return max;
  }

  /** Number of values: the sum of all counts. */
  public long total() {
    return total;
  }

  /** Whether all bins are empty: no value was seen, or only the extremes were kept. */
  public boolean isEmpty() {
    return total == 0;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Distribution that
        && Arrays.equals(lower, that.lower)
        && Arrays.equals(upper, that.upper)
        && Arrays.equals(count, that.count)
        && Float.compare(min, that.min) == 0
        && Float.compare(max, that.max) == 0;
  }

  @Override
  public int hashCode() {
    return 31 * Arrays.hashCode(lower) + Arrays.hashCode(count);
  }
}
