package dev.tare.engine.observe;

import dev.tare.engine.histogram.FloatBins;
import dev.tare.engine.histogram.Histogram;
import java.util.Arrays;

/**
 * Counts of values by raw index in one flat table of 2^(9+m) ints: 2 MiB at m = 10.
 *
 * <p>Not thread-safe. {@link PagedWhole} is slower, since it looks up pages, and is used where the
 * tables of many tensors need too much memory.
 */
final class DenseCounts implements WholeCounts {

  private static final int LARGEST = 1 << (9 + FloatBins.MAX_MANTISSA_BITS);
  private static final int[] EMPTY_OCTAVE = new int[1 << FloatBins.MAX_MANTISSA_BITS];

  private final FloatBins bins;
  private final int[] counts;
  private final Carries carries = new Carries();
  private int pending;

  DenseCounts(FloatBins bins) {
    this.bins = bins;
    this.counts = new int[1 << (9 + bins.mantissaBits())];
  }

  @Override
  public void add(int[] bits, int offset, int length) {
    if (pending > Integer.MAX_VALUE - length) {
      relieve(Carries.LIMIT);
    }
    pending += length;
    int[] table = counts;
    int low = 23 - bins.mantissaBits();
    if (table.length == LARGEST) {
      addToLargest(table, bits, offset, length);
      return;
    }
    for (int i = offset; i < offset + length; i++) {
      table[bits[i] >>> low]++;
    }
  }

  /** Moves counts above a limit to {@link Carries}. */
  void relieve(int limit) {
    pending = carries.relieve(counts, limit);
  }

  /** With a length known to the compiler the bounds check of every index goes away. */
  private static void addToLargest(int[] table, int[] bits, int offset, int length) {
    if (table.length == LARGEST) {
      for (int i = offset; i < offset + length; i++) {
        table[bits[i] >>> (23 - FloatBins.MAX_MANTISSA_BITS)]++;
      }
    }
  }

  @Override
  public long inZeroBin(boolean negative) {
    return at(negative ? counts.length / 2 : 0);
  }

  @Override
  public long inBinOf(int bits) {
    return at(bits >>> (23 - bins.mantissaBits()));
  }

  private long at(int rawIndex) {
    return counts[rawIndex] + carries.at(rawIndex);
  }

  @Override
  public Histogram histogram(long positiveZeros, long negativeZeros) {
    int octave = 1 << bins.mantissaBits();
    int size = 0;
    for (int first = 0; first < counts.length; first += octave) {
      size += isEmpty(first) ? 0 : octave;
    }
    int[] binNumbers = new int[size];
    long[] binCounts = new long[size];
    size = 0;
    for (int bin = -bins.binsPerSign(); bin < bins.binsPerSign(); bin++) {
      boolean negative = bin < 0;
      int rawIndex = negative ? ~bin + counts.length / 2 : bin;
      if (bin % octave == 0 && isEmpty(rawIndex & -octave)) {
        bin += octave - 1;
        continue;
      }
      long values = at(rawIndex);
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
    return Histogram.of(bins.mantissaBits(), binNumbers, binCounts, size);
  }

  private boolean isEmpty(int first) {
    int last = first + (1 << bins.mantissaBits());
    return Arrays.equals(counts, first, last, EMPTY_OCTAVE, 0, last - first);
  }
}
