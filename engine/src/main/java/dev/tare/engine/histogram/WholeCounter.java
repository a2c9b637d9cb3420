package dev.tare.engine.histogram;

import java.util.Arrays;
import java.util.Optional;

/** Counts all values of a tensor, tile by tile, and says what a tile held; not thread-safe. */
final class WholeCounter {

  private final PagedCounts counts;
  private final int[] mins = new int[Keys.LANES];
  private final int[] maxs = new int[Keys.LANES];

  private int min = Keys.NO_MIN;
  private int max = Keys.NO_MAX;
  private long count;
  private long positiveZeros;
  private long negativeZeros;
  private long nans;
  private long posInfs;
  private long negInfs;

  private boolean tileIsFinite;
  private boolean tileHasPositiveZeros;
  private boolean tileHasNegativeZeros;

  WholeCounter(FloatBins bins) {
    this.counts = new PagedCounts(bins, 1);
  }

  void add(int[] tile, int length) {
    count = Math.addExact(count, length);
    foldExtremes(tile, length);
    long positive = counts.inZeroBin(0, false);
    long negative = counts.inZeroBin(0, true);
    counts.addRun(tile, 0, length, 0);
    int zeros = counts.inZeroBin(0, false) == positive ? 0 : countOf(0, tile, length);
    tileHasPositiveZeros = zeros > 0;
    positiveZeros += zeros;
    zeros = counts.inZeroBin(0, true) == negative ? 0 : countOf(Integer.MIN_VALUE, tile, length);
    tileHasNegativeZeros = zeros > 0;
    negativeZeros += zeros;
  }

  private void foldExtremes(int[] tile, int length) {
    Arrays.fill(mins, Keys.NO_MIN);
    Arrays.fill(maxs, Keys.NO_MAX);
    int done = 0;
    for (; done + Keys.LANES <= length; done += Keys.LANES) {
      Keys.foldRow(tile, done, Keys.LANES, mins, maxs, 0);
    }
    Keys.foldRow(tile, done, length - done, mins, maxs, 0);
    int low = Keys.NO_MIN;
    int high = Keys.NO_MAX;
    for (int lane = 0; lane < Keys.LANES; lane++) {
      low = Math.min(low, mins[lane]);
      high = Math.max(high, maxs[lane]);
    }
    tileIsFinite = low > Keys.NEGATIVE_INFINITY && high < Keys.POSITIVE_INFINITY;
    if (tileIsFinite) {
      min = Math.min(min, low);
      max = Math.max(max, high);
    } else {
      foldFinite(tile, length);
    }
  }

  /** Exponent 255 stands for infinities and NaNs, which a bin cannot tell apart. */
  private void foldFinite(int[] tile, int length) {
    for (int i = 0; i < length; i++) {
      int bits = tile[i];
      if (Keys.isFiniteBits(bits)) {
        int key = Keys.of(bits);
        min = Math.min(min, key);
        max = Math.max(max, key);
      } else if ((bits & 0x7fffffff) > Keys.POSITIVE_INFINITY) {
        nans++;
      } else if (bits > 0) {
        posInfs++;
      } else {
        negInfs++;
      }
    }
  }

  private static int countOf(int bits, int[] tile, int length) {
    int found = 0;
    for (int i = 0; i < length; i++) {
      found += tile[i] == bits ? 1 : 0;
    }
    return found;
  }

  /** Whether the last tile held neither infinities nor NaNs. */
  boolean tileIsFinite() {
    return tileIsFinite;
  }

  /** Whether the last tile held +0.0. */
  boolean tileHasPositiveZeros() {
    return tileHasPositiveZeros;
  }

  /** Whether the last tile held -0.0. */
  boolean tileHasNegativeZeros() {
    return tileHasNegativeZeros;
  }

  Statistics statistics() {
    boolean none = min > max;
    return new Statistics(
        count,
        positiveZeros + negativeZeros,
        nans,
        posInfs,
        negInfs,
        none ? Float.NaN : Keys.value(min),
        none ? Float.NaN : Keys.value(max),
        Optional.of(counts.histogram(0, positiveZeros, negativeZeros)));
  }
}
