package dev.tare.engine.histogram;

import java.util.Arrays;

/**
 * Counts of values by raw index in one flat table of 2^(9+m) ints: 2 MiB at m = 10.
 *
 * <p>Not thread-safe. A lookup of pages would halve the speed. Ints are folded into longs before
 * they can overflow.
 */
final class DenseCounts {

  private final FloatBins bins;
  private final int[] counts;
  private long[] folded = new long[0];
  private int pending;

  DenseCounts(FloatBins bins) {
    this.bins = bins;
    this.counts = new int[1 << (9 + bins.mantissaBits())];
  }

  void add(int[] bits, int offset, int length) {
    if (pending > Integer.MAX_VALUE - length) {
      fold();
    }
    pending += length;
    int[] table = counts;
    int low = 23 - bins.mantissaBits();
    for (int i = offset; i < offset + length; i++) {
      table[bits[i] >>> low]++;
    }
  }

  /** Moves all ints into longs. */
  void fold() {
    folded = Arrays.copyOf(folded, counts.length);
    for (int i = 0; i < counts.length; i++) {
      folded[i] += counts[i];
    }
    Arrays.fill(counts, 0);
    pending = 0;
  }

  /** Number of values in the bin that holds zeros of a sign. */
  long inZeroBin(boolean negative) {
    return at(negative ? counts.length / 2 : 0);
  }

  private long at(int rawIndex) {
    return counts[rawIndex] + (folded.length == 0 ? 0 : folded[rawIndex]);
  }

  /** The histogram without zeros and without exponent 255. */
  Histogram histogram(long positiveZeros, long negativeZeros) {
    int size = 0;
    for (int i = 0; i < counts.length; i++) {
      size += at(i) == 0 ? 0 : 1;
    }
    int[] binNumbers = new int[size];
    long[] binCounts = new long[size];
    size = 0;
    for (int bin = -bins.binsPerSign(); bin < bins.binsPerSign(); bin++) {
      long values = at(bin >= 0 ? bin : ~bin + counts.length / 2);
      if (bin == 0) {
        values -= positiveZeros;
      } else if (bin == -1) {
        values -= negativeZeros;
      }
      if (values > 0) {
        binNumbers[size] = bin;
        binCounts[size++] = values;
      }
    }
    return Histogram.trimmed(bins, binNumbers, binCounts, size);
  }
}
