package dev.tare.engine.histogram;

import java.util.Optional;

/** Counts all values of a tensor, tile by tile, and says what a tile held; not thread-safe. */
final class WholeCounter {

  private final DenseCounts counts;

  private int min = Keys.NO_MIN;
  private int max = Keys.NO_MAX;
  private long count;
  private long positiveZeros;
  private long negativeZeros;
  private long nans;
  private long posInfs;
  private long negInfs;

  private boolean sawNonFinite;
  private boolean sawPositiveZeros;
  private boolean sawNegativeZeros;

  WholeCounter(FloatBins bins) {
    this.counts = new DenseCounts(bins);
  }

  /** Forgets what earlier tiles held, not what they counted. */
  void beginFacts() {
    sawNonFinite = false;
    sawPositiveZeros = false;
    sawNegativeZeros = false;
  }

  void add(int[] tile, int length) {
    count = Math.addExact(count, length);
    long positive = counts.inZeroBin(false);
    long negative = counts.inZeroBin(true);
    counts.add(tile, 0, length);
    if (counts.inZeroBin(false) != positive) {
      int zeros = countOf(0, tile, length);
      sawPositiveZeros |= zeros > 0;
      positiveZeros += zeros;
    }
    if (counts.inZeroBin(true) != negative) {
      int zeros = countOf(Integer.MIN_VALUE, tile, length);
      sawNegativeZeros |= zeros > 0;
      negativeZeros += zeros;
    }
    foldExtremes(tile, length);
  }

  private void foldExtremes(int[] tile, int length) {
    int low = min;
    int high = max;
    // Branches that are hardly ever taken cost less than the latency of conditional moves.
    for (int i = 0; i < length; i++) {
      int bits = tile[i];
      int key = bits ^ ((bits >> 31) & 0x7fffffff);
      if (key > high) {
        high = key;
      }
      if (key < low) {
        low = key;
      }
    }
    if (low > Keys.NEGATIVE_INFINITY && high < Keys.POSITIVE_INFINITY) {
      min = low;
      max = high;
    } else {
      sawNonFinite = true;
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
      int difference = tile[i] ^ bits;
      found += ((difference | -difference) >>> 31) ^ 1;
    }
    return found;
  }

  /** Whether a tile held infinities or NaNs. */
  boolean sawNonFinite() {
    return sawNonFinite;
  }

  /** Whether a tile held +0.0. */
  boolean sawPositiveZeros() {
    return sawPositiveZeros;
  }

  /** Whether a tile held -0.0. */
  boolean sawNegativeZeros() {
    return sawNegativeZeros;
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
        Optional.of(counts.histogram(positiveZeros, negativeZeros)));
  }
}
