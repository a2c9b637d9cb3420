package dev.tare.engine.observe;

import dev.tare.engine.histogram.FloatBins;
import dev.tare.engine.histogram.Histogram;
import java.util.Arrays;

/**
 * Counts by raw index for a few channels, in pages of one octave each, allocated when first
 * touched.
 *
 * <p>Not thread-safe.
 */
final class PagedCounts {

  private static final int EXPONENT_SHIFT = 23;

  /** Octaves of a channel: sign and exponent. */
  static final int OCTAVES = 512;

  private final FloatBins bins;
  private final int pageBits;

  /** Page number by (channel, octave); 0 where there is no page yet. */
  private final char[] directory;

  private int pages = 1;
  private int[] counts;
  private final Carries carries = new Carries();
  private int pending;

  /**
   * @param channels at most 128, so that a page's number fits
   */
  PagedCounts(FloatBins bins, int channels) {
    this.bins = bins;
    this.pageBits = bins.mantissaBits();
    this.directory = new char[channels * OCTAVES];
    this.counts = new int[4 << pageBits];
  }

  /** Counts a run of values of one channel. */
  void addRun(int[] bits, int offset, int length, int channel) {
    reserve(length);
    char[] pageOf = directory;
    int[] table = counts;
    int first = channel * OCTAVES;
    int low = EXPONENT_SHIFT - pageBits;
    int mask = (1 << pageBits) - 1;
    for (int i = offset; i < offset + length; i++) {
      int b = bits[i];
      int page = pageOf[first + (b >>> EXPONENT_SHIFT)];
      if (page == 0) {
        page = allocate(first + (b >>> EXPONENT_SHIFT));
        table = counts;
      }
      table[(page << pageBits) + ((b >>> low) & mask)]++;
    }
  }

  /** Counts rows of values, one column for each channel. */
  void addRows(int[] bits, int offset, int stride, int rows, int columns) {
    reserve(rows * columns);
    char[] pageOf = directory;
    int[] table = counts;
    int low = EXPONENT_SHIFT - pageBits;
    int mask = (1 << pageBits) - 1;
    for (int row = 0; row < rows; row++) {
      int start = offset + row * stride;
      for (int column = 0; column < columns; column++) {
        int b = bits[start + column];
        int page = pageOf[column * OCTAVES + (b >>> EXPONENT_SHIFT)];
        if (page == 0) {
          page = allocate(column * OCTAVES + (b >>> EXPONENT_SHIFT));
          table = counts;
        }
        table[(page << pageBits) + ((b >>> low) & mask)]++;
      }
    }
  }

  /** Counts a value several times. */
  void add(int bits, int channel, long times) {
    int slot = channel * OCTAVES + (bits >>> EXPONENT_SHIFT);
    int page = directory[slot] == 0 ? allocate(slot) : directory[slot];
    int fraction = (bits >>> (EXPONENT_SHIFT - pageBits)) & ((1 << pageBits) - 1);
    for (long left = times; left > 0; ) {
      int some = (int) Math.min(left, Carries.LIMIT);
      reserve(some);
      counts[(page << pageBits) + fraction] += some;
      left -= some;
    }
  }

  private void reserve(int values) {
    if (pending > Integer.MAX_VALUE - values) {
      relieve(Carries.LIMIT);
    }
    pending += values;
  }

  /** Moves counts above a limit to {@link Carries}. */
  void relieve(int limit) {
    pending = carries.relieve(counts, limit);
  }

  private int allocate(int slot) {
    int page = pages++;
    directory[slot] = (char) page;
    if (pages << pageBits > counts.length) {
      // By a quarter and not by double: there are tens of thousands of these tables.
      int more = Math.max(4 << pageBits, counts.length >> 2);
      counts = Arrays.copyOf(counts, counts.length + (more >> pageBits << pageBits));
    }
    return page;
  }

  /** Number of values in the bin of some bits. */
  long inBinOf(int bits, int channel) {
    int fraction = (bits >>> (EXPONENT_SHIFT - pageBits)) & ((1 << pageBits) - 1);
    return at(channel * OCTAVES + (bits >>> EXPONENT_SHIFT), fraction);
  }

  private long at(int slot, int fraction) {
    int page = directory[slot];
    if (page == 0) {
      return 0;
    }
    int index = (page << pageBits) + fraction;
    return counts[index] + carries.at(index);
  }

  /** The histogram of a channel without its zeros and without exponent 255. */
  Histogram histogram(int channel, long positiveZeros, long negativeZeros) {
    int first = channel * OCTAVES;
    int size = 0;
    for (int octave = 0; octave < OCTAVES; octave++) {
      size += directory[first + octave] == 0 ? 0 : 1 << pageBits;
    }
    int[] binNumbers = new int[size];
    long[] binCounts = new long[size];
    size = 0;
    for (int bin = -bins.binsPerSign(); bin < bins.binsPerSign(); ) {
      int magnitude = bin >= 0 ? bin : ~bin;
      int slot = first + (magnitude >> pageBits) + (bin >= 0 ? 0 : OCTAVES / 2);
      if (directory[slot] == 0) {
        bin += 1 << pageBits;
        continue;
      }
      long values = at(slot, magnitude & ((1 << pageBits) - 1));
      if (magnitude == 0) {
        values -= bin >= 0 ? positiveZeros : negativeZeros;
      }
      if (values > 0) {
        binNumbers[size] = bin;
        binCounts[size++] = values;
      }
      bin++;
    }
    return Histogram.of(bins.mantissaBits(), binNumbers, binCounts, size);
  }
}
