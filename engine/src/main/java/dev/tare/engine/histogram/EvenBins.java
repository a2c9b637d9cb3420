package dev.tare.engine.histogram;

import java.util.ArrayList;
import java.util.List;

/**
 * Re-bins a distribution into bins of equal width between two values, for plotting.
 *
 * <p>Bins are [lower, upper); the last one includes its upper edge. A source bin that crosses an
 * edge is split in proportion, and the count below each edge is rounded down: counts are whole,
 * each is off by less than one, and their sum is the number of values between the ends.
 */
public final class EvenBins {

  /** Upper limit of the number of bins; no picture can show more. */
  public static final int MOST = 1 << 16;

  private EvenBins() {}

  /**
   * One bin.
   *
   * @param lower edge, inclusive
   * @param upper edge, exclusive but in the last bin
   * @param count values inside
   */
  public record Bin(double lower, double upper, long count) {}

  /**
   * Returns bins from the smallest value to the largest: none if there are no values, one of width
   * 0 if all values are equal. Cost: one pass over the bins and edges.
   *
   * @param bins in [1, {@value #MOST}]
   * @throws IllegalArgumentException if the number of bins is out of bounds, or values were seen
   *     but only their extremes kept
   */
  public static List<Bin> of(Distribution distribution, int bins) {
    checkBins(bins);
    if (Float.isNaN(distribution.min())) {
      return List.of();
    }
    if (distribution.min() == distribution.max()) {
      requireCounts(distribution);
      return List.of(new Bin(distribution.min(), distribution.max(), distribution.total()));
    }
    return of(distribution, bins, distribution.min(), distribution.max());
  }

  /**
   * Returns bins between two given ends, so that several distributions can be overlaid; values
   * outside are not counted.
   *
   * @throws IllegalArgumentException as {@link #of(Distribution, int)} does, or if the ends are not
   *     finite and in order
   */
  public static List<Bin> of(Distribution distribution, int bins, double low, double high) {
    checkBins(bins);
    if (!(Double.isFinite(low) && Double.isFinite(high) && low < high)) {
      throw new IllegalArgumentException(
          "Invalid ends of a histogram: " + low + " and " + high + ", must be finite and in order");
    }
    requireCounts(distribution);
    List<Bin> even = new ArrayList<>(bins);
    Below below = new Below(distribution);
    double lower = low;
    long before = below.count(low);
    for (int i = 1; i <= bins; i++) {
      double upper = i == bins ? high : low + (high - low) * i / bins;
      long until = i == bins ? below.countWith(high) : below.count(upper);
      even.add(new Bin(lower, upper, until - before));
      lower = upper;
      before = until;
    }
    return even;
  }

  private static void checkBins(int bins) {
    if (bins < 1 || bins > MOST) {
      throw new IllegalArgumentException(
          "Invalid number of bins: %d, must be in 1..%d".formatted(bins, MOST));
    }
  }

  private static void requireCounts(Distribution distribution) {
    if (distribution.isEmpty() && !Float.isNaN(distribution.min())) {
      throw new IllegalArgumentException(
          "Cannot count values in [%s, %s] again: there is no histogram of them"
              .formatted(distribution.min(), distribution.max()));
    }
  }

  /** Counts values below points, which must be passed in ascending order. */
  private static final class Below {
    private final Distribution distribution;
    private int bin;
    private long whole;

    Below(Distribution distribution) {
      this.distribution = distribution;
    }

    /** Values below a point. */
    long count(double point) {
      while (bin < distribution.bins() && upper() <= point && lower() < point) {
        whole += distribution.count(bin++);
      }
      if (bin == distribution.bins() || lower() >= point) {
        return whole;
      }
      double share = (point - lower()) / (upper() - lower());
      return whole + (long) (distribution.count(bin) * share);
    }

    /** Values up to a point, those that equal it included. */
    long countWith(double point) {
      long below = count(point);
      boolean atPoint = bin < distribution.bins() && lower() == point && upper() == point;
      return atPoint ? below + distribution.count(bin) : below;
    }

    private double lower() {
      return Math.max(distribution.lower(bin), distribution.min());
    }

    private double upper() {
      return Math.min(distribution.upper(bin), distribution.max());
    }
  }
}
