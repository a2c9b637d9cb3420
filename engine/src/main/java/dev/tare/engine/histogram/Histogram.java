package dev.tare.engine.histogram;

import java.util.Arrays;

/**
 * Counts of finite non-zero values in {@link FloatBins}, sparse and sorted by bin: by value.
 *
 * <p>Immutable. {@link #merge} is associative and commutative with {@link #empty} as identity, and
 * {@link #coarsen} commutes with it. Bins without values are absent, so equal content is equal.
 */
public final class Histogram {

  private final FloatBins floatBins;
  private final int[] bins;
  private final long[] counts;
  private final long total;

  private Histogram(FloatBins floatBins, int[] bins, long[] counts) {
    this.floatBins = floatBins;
    this.bins = bins;
    this.counts = counts;
    long sum = 0;
    for (long count : counts) {
      sum = Math.addExact(sum, count);
    }
    this.total = sum;
  }

  /**
   * A histogram without values.
   *
   * @throws IllegalArgumentException if the bits are outside [1, 10]
   */
  public static Histogram empty(int mantissaBits) {
    return new Histogram(FloatBins.of(mantissaBits), new int[0], new long[0]);
  }

  /**
   * A histogram over arrays, which are copied.
   *
   * @param bins strictly increasing bin numbers
   * @param counts a positive count for each
   * @throws IllegalArgumentException if lengths differ, bins are not increasing or outside of the
   *     finite range, or a count is not positive
   * @throws ArithmeticException if the total overflows a long
   */
  public static Histogram of(int mantissaBits, int[] bins, long[] counts) {
    if (bins.length != counts.length) {
      throw new IllegalArgumentException(
          "Invalid histogram: %d bins, %d counts".formatted(bins.length, counts.length));
    }
    return of(mantissaBits, bins, counts, bins.length);
  }

  /**
   * A histogram over the first entries of arrays, which are copied.
   *
   * @param bins strictly increasing bin numbers
   * @param counts a positive count for each
   * @param size how many entries there are, at most the length of either array
   * @throws IllegalArgumentException if bins are not increasing or outside the finite range, or a
   *     count is not positive
   * @throws ArithmeticException if the total overflows a long
   */
  public static Histogram of(int mantissaBits, int[] bins, long[] counts, int size) {
    FloatBins floatBins = FloatBins.of(mantissaBits);
    for (int i = 0; i < size; i++) {
      boolean inside = bins[i] >= -floatBins.binsPerSign() && bins[i] < floatBins.binsPerSign();
      boolean increasing = i == 0 || bins[i - 1] < bins[i];
      if (!inside || !increasing || counts[i] <= 0) {
        throw new IllegalArgumentException(
            "Invalid histogram of %d mantissa bits: position %d is bin %d with count %d%s"
                .formatted(
                    mantissaBits,
                    i,
                    bins[i],
                    counts[i],
                    increasing ? "" : " after bin " + bins[i - 1]));
      }
    }
    return trimmed(floatBins, bins, counts, size);
  }

  /**
   * The sum of two histograms of the same bins; costs one pass over both.
   *
   * @throws IllegalArgumentException if mantissa bits differ
   * @throws ArithmeticException if a count or the total overflows a long
   */
  public Histogram merge(Histogram other) {
    if (floatBins != other.floatBins) {
      throw new IllegalArgumentException(
          "Cannot merge histograms: %d mantissa bits vs %d"
              .formatted(mantissaBits(), other.mantissaBits()));
    }
    if (other.bins.length == 0) {
      return this;
    }
    if (bins.length == 0) {
      return other;
    }
    int[] mergedBins = new int[Math.addExact(bins.length, other.bins.length)];
    long[] mergedCounts = new long[mergedBins.length];
    int i = 0;
    int j = 0;
    int size = 0;
    while (i < bins.length || j < other.bins.length) {
      boolean mine = j == other.bins.length || (i < bins.length && bins[i] <= other.bins[j]);
      boolean theirs = i == bins.length || (j < other.bins.length && other.bins[j] <= bins[i]);
      mergedBins[size] = mine ? bins[i] : other.bins[j];
      mergedCounts[size++] = Math.addExact(mine ? counts[i] : 0, theirs ? other.counts[j] : 0);
      i += mine ? 1 : 0;
      j += theirs ? 1 : 0;
    }
    return trimmed(floatBins, mergedBins, mergedCounts, size);
  }

  /**
   * The same values in bins of fewer mantissa bits.
   *
   * @throws IllegalArgumentException if the bits are below 1 or above those of this histogram
   */
  public Histogram coarsen(int mantissaBits) {
    FloatBins coarser = FloatBins.of(mantissaBits);
    int shift = floatBins.coarseningShift(coarser);
    if (shift == 0) {
      return this;
    }
    int[] coarseBins = new int[bins.length];
    long[] coarseCounts = new long[bins.length];
    int size = 0;
    for (int i = 0; i < bins.length; i++) {
      int bin = bins[i] >> shift;
      if (size == 0 || coarseBins[size - 1] != bin) {
        coarseBins[size++] = bin;
      }
      coarseCounts[size - 1] += counts[i];
    }
    return trimmed(coarser, coarseBins, coarseCounts, size);
  }

  /** A histogram over the first entries of arrays that are valid. */
  private static Histogram trimmed(FloatBins floatBins, int[] bins, long[] counts, int size) {
    return new Histogram(floatBins, Arrays.copyOf(bins, size), Arrays.copyOf(counts, size));
  }

  public FloatBins floatBins() {
    return floatBins;
  }

  public int mantissaBits() {
    return floatBins.mantissaBits();
  }

  /** Number of bins with a positive count. */
  public int size() {
    return bins.length;
  }

  /**
   * The bin number at a position.
   *
   * @param position in [0, size), ordered by value
   */
  public int bin(int position) {
    return bins[position];
  }

  /**
   * The number of values at a position, positive.
   *
   * @param position in [0, size), ordered by value
   */
  public long count(int position) {
    return counts[position];
  }

  /** Number of values: the sum of all counts. */
  public long total() {
    return total;
  }

  /** All bin numbers, increasing; a copy. */
  public int[] bins() {
    return bins.clone();
  }

  /** The counts of {@link #bins}, each positive; a copy. */
  public long[] counts() {
    return counts.clone();
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Histogram that
        && floatBins == that.floatBins
        && Arrays.equals(bins, that.bins)
        && Arrays.equals(counts, that.counts);
  }

  @Override
  public int hashCode() {
    return 31 * (31 * mantissaBits() + Arrays.hashCode(bins)) + Arrays.hashCode(counts);
  }

  @Override
  public String toString() {
    return "Histogram[%d mantissa bits, %d bins, %d values]"
        .formatted(mantissaBits(), bins.length, total);
  }
}
