package dev.tare.engine.histogram;

import java.util.Arrays;

/**
 * Counts by raw index for a few channels, in pages of one octave that exist once it is touched.
 *
 * <p>Not thread-safe. The hot loops count in ints, which are folded into longs before they can
 * overflow.
 */
final class PagedCounts {

  static final int CHANNELS = WindowCounts.CHANNELS;

  private static final int EXPONENT_SHIFT = 23;

  /** Sign and exponent: octaves of a channel. */
  private static final int OCTAVES = 512;

  private final FloatBins bins;
  private final int pageBits;

  /** Page number by (channel, octave); 0 where there is no page yet. */
  private final char[] directory;

  private int pages = 1;
  private int[] counts;
  private long[] folded = new long[0];
  private int pending;

  PagedCounts(FloatBins bins) {
    this.bins = bins;
    this.pageBits = bins.mantissaBits();
    this.directory = new char[CHANNELS * OCTAVES];
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

  /** Counts one value. */
  void add(int bits, int channel) {
    reserve(1);
    int slot = channel * OCTAVES + (bits >>> EXPONENT_SHIFT);
    int page = directory[slot] == 0 ? allocate(slot) : directory[slot];
    counts[(page << pageBits) + ((bits >>> (EXPONENT_SHIFT - pageBits)) & ((1 << pageBits) - 1))]++;
  }

  private void reserve(int values) {
    if (pending > Integer.MAX_VALUE - values) {
      fold();
    }
    pending += values;
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

  private int allocate(int slot) {
    int page = pages++;
    directory[slot] = (char) page;
    if (pages << pageBits > counts.length) {
      counts = Arrays.copyOf(counts, counts.length * 2);
    }
    return page;
  }

  private long at(int slot, int fraction) {
    int page = directory[slot];
    if (page == 0) {
      return 0;
    }
    int index = (page << pageBits) + fraction;
    return counts[index] + (index < folded.length ? folded[index] : 0);
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
    return Histogram.trimmed(bins, binNumbers, binCounts, size);
  }
}
