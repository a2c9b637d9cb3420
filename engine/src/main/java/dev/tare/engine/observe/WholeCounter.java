package dev.tare.engine.observe;

import dev.tare.engine.statistics.Statistics;
import java.util.Optional;

/**
 * Counts all values of a tensor, tile by tile, and reports what a tile contained; not thread-safe.
 */
final class WholeCounter {

  private final WholeCounts counts;

  private final int[] min = {Keys.NO_MIN};
  private final int[] max = {Keys.NO_MAX};
  private long count;
  private long positiveZeros;
  private long negativeZeros;
  private long nans;
  private long posInfs;
  private long negInfs;

  private boolean sawPositiveZeros;
  private boolean sawNegativeZeros;

  WholeCounter(WholeCounts counts) {
    this.counts = counts;
  }

  /** Resets the facts about earlier tiles; their counts stay. */
  void beginFacts() {
    sawPositiveZeros = false;
    sawNegativeZeros = false;
  }

  /** Counts a tile and its extremes. */
  void add(int[] tile, int length) {
    addBins(tile, length);
    if (!ColumnExtremes.foldRun(tile, 0, length, min, max, 0)) {
      foldFinite(tile, length);
    }
  }

  /** Counts a tile, but leaves extremes and non-finite values to its channels. */
  void addBins(int[] tile, int length) {
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
  }

  /** Exponent 255 means infinities and NaNs, which a bin cannot distinguish. */
  private void foldFinite(int[] tile, int length) {
    for (int i = 0; i < length; i++) {
      int bits = tile[i];
      if (Keys.isFiniteBits(bits)) {
        int key = Keys.of(bits);
        min[0] = Math.min(min[0], key);
        max[0] = Math.max(max[0], key);
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

  /** Whether a tile contained +0.0. */
  boolean sawPositiveZeros() {
    return sawPositiveZeros;
  }

  /** Whether a tile contained -0.0. */
  boolean sawNegativeZeros() {
    return sawNegativeZeros;
  }

  /** Number of values so far in the bin of a value; for 0 the number of zeros of both signs. */
  long inBinOf(float value) {
    return value == 0
        ? counts.inZeroBin(false) + counts.inZeroBin(true)
        : counts.inBinOf(Float.floatToRawIntBits(value));
  }

  /** The smallest finite value; NaN when there is none. */
  float min() {
    return min[0] > max[0] ? Float.NaN : Keys.value(min[0]);
  }

  /** The largest finite value; NaN when there is none. */
  float max() {
    return min[0] > max[0] ? Float.NaN : Keys.value(max[0]);
  }

  Statistics statistics() {
    return statistics(nans, posInfs, negInfs, min(), max());
  }

  /** Returns the statistics, combined with what {@link #addBins} left to the channels. */
  Statistics statistics(ChannelCounter channels) {
    return statistics(
        channels.nans(), channels.posInfs(), channels.negInfs(), channels.min(), channels.max());
  }

  private Statistics statistics(
      long allNans, long allPosInfs, long allNegInfs, float low, float high) {
    return new Statistics(
        count,
        positiveZeros + negativeZeros,
        allNans,
        allPosInfs,
        allNegInfs,
        low,
        high,
        Optional.of(counts.histogram(positiveZeros, negativeZeros)));
  }
}
