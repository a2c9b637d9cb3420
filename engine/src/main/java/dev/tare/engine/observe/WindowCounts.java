package dev.tare.engine.observe;

import dev.tare.engine.histogram.FloatBins;
import dev.tare.engine.histogram.Histogram;

/**
 * Counts by raw index for a few channels: in one table for the 16 octaves with most values, in
 * pages for the rest.
 *
 * <p>Not thread-safe. In a table of two signs, 16 channels and 16 octaves the sign is at the same
 * bit as in the raw index, so a slot is the raw index minus that of the window's first octave, plus
 * a constant for the channel. All values of a row are counted this way, without branches; a row
 * with a value outside the window is corrected afterwards.
 */
final class WindowCounts {

  /** Channels of one table: their hot slots fit the first-level cache together. */
  static final int CHANNELS = 16;

  private static final int EXPONENT_SHIFT = 23;

  /** Exponent bits that are 0 after subtraction exactly for values inside the window. */
  private static final int OUTSIDE = 0x78000000;

  private static final int OCTAVES = 16;

  /** Octaves left free above the largest value known when the window is placed. */
  private static final int HEADROOM = 2;

  private static final int SIGN_OCTAVES = 256;

  /** Ints of 64 bytes. */
  private static final int CACHE_LINE = 16;

  private final FloatBins bins;
  private final int mantissaBits;
  private final PagedCounts rest;

  /** Slots of one channel and sign. */
  private final int slots;

  private int[] counts = new int[0];
  private final Carries carries = new Carries();
  private int pending;
  private int firstOctave;
  private boolean useless;

  /** Keeps the compiler from leaving out the reads. */
  @SuppressWarnings("unused")
  private int touched;

  WindowCounts(FloatBins bins) {
    this.bins = bins;
    this.mantissaBits = bins.mantissaBits();
    this.rest = new PagedCounts(bins, CHANNELS);
    this.slots = OCTAVES << mantissaBits;
  }

  /** Counts a run of values of one channel. */
  void addRun(int[] bits, int offset, int length, int channel) {
    rest.addRun(bits, offset, length, channel);
  }

  /**
   * Counts rows of values, one column for each channel.
   *
   * @param largest magnitude of a finite value in these columns so far, as bits; 0 if there is none
   */
  void addRows(int[] bits, int offset, int stride, int rows, int columns, int largest) {
    if (counts.length == 0 && largest > 0 && columns == CHANNELS) {
      int octave = (largest >>> EXPONENT_SHIFT) + HEADROOM + 1 - OCTAVES;
      firstOctave = Math.max(1, Math.min(octave, SIGN_OCTAVES - 1 - OCTAVES));
      counts = new int[2 * CHANNELS * slots];
    }
    if (counts.length == 0 || useless) {
      rest.addRows(bits, offset, stride, rows, columns);
      return;
    }
    if (pending > Integer.MAX_VALUE - rows) {
      relieve(Carries.LIMIT);
    }
    pending += rows;
    touched = touch();
    // Many zeros, or values of very different size: the table does not help.
    useless = countRows(bits, offset, stride, rows) > rows / 2;
    if (useless) {
      giveUp();
    }
  }

  /** Moves all counts to the pages and releases the table. */
  private void giveUp() {
    for (int channel = 0; channel < CHANNELS; channel++) {
      for (int sign = 0; sign < 2; sign++) {
        for (int i = 0; i < slots; i++) {
          int slot = (sign << (8 + mantissaBits)) + channel * slots + i;
          if (counts[slot] > 0) {
            int magnitude = ((firstOctave << mantissaBits) + i) << (EXPONENT_SHIFT - mantissaBits);
            rest.add((sign << 31) | magnitude, channel, counts[slot] + carries.at(slot));
          }
        }
      }
    }
    counts = new int[0];
  }

  /**
   * Loads the table into the cache: reads at known addresses overlap, while reads at the values'
   * slots would wait for each other.
   */
  private int touch() {
    int sum = 0;
    for (int i = 0; i < counts.length; i += CACHE_LINE) {
      sum += counts[i];
    }
    return sum;
  }

  /** Counts full rows; returns the number of rows that had to be corrected. */
  private int countRows(int[] bits, int offset, int stride, int rows) {
    int[] table = counts;
    int lowest = firstOctave << EXPONENT_SHIFT;
    int low = EXPONENT_SHIFT - mantissaBits;
    int mask = slotMask();
    int channel = slots;
    int wrong = 0;
    int end = offset + rows * stride;
    for (int start = offset; start < end; start += stride) {
      int seen = 0;
      for (int i = start, at = 0; i < start + CHANNELS; i += 8, at += 8 * channel) {
        int b0 = bits[i] - lowest;
        int b1 = bits[i + 1] - lowest;
        int b2 = bits[i + 2] - lowest;
        int b3 = bits[i + 3] - lowest;
        int b4 = bits[i + 4] - lowest;
        int b5 = bits[i + 5] - lowest;
        int b6 = bits[i + 6] - lowest;
        int b7 = bits[i + 7] - lowest;
        table[at + ((b0 >>> low) & mask)]++;
        table[at + channel + ((b1 >>> low) & mask)]++;
        table[at + 2 * channel + ((b2 >>> low) & mask)]++;
        table[at + 3 * channel + ((b3 >>> low) & mask)]++;
        table[at + 4 * channel + ((b4 >>> low) & mask)]++;
        table[at + 5 * channel + ((b5 >>> low) & mask)]++;
        table[at + 6 * channel + ((b6 >>> low) & mask)]++;
        table[at + 7 * channel + ((b7 >>> low) & mask)]++;
        seen |= b0 | b1 | b2 | b3 | b4 | b5 | b6 | b7;
      }
      if ((seen & OUTSIDE) != 0) {
        putRight(bits, start);
        wrong++;
      }
    }
    return wrong;
  }

  /** Moves the values of a row that are outside the window to the pages. */
  private void putRight(int[] bits, int start) {
    for (int column = 0; column < CHANNELS; column++) {
      int difference = bits[start + column] - (firstOctave << EXPONENT_SHIFT);
      if ((difference & OUTSIDE) != 0) {
        int slot = (difference >>> (EXPONENT_SHIFT - mantissaBits)) & slotMask();
        counts[column * slots + slot]--;
        rest.add(bits[start + column], column, 1);
      }
    }
  }

  /** The sign and the bits of an octave inside the window. */
  private int slotMask() {
    return (1 << (8 + mantissaBits)) | (slots - 1);
  }

  /** Moves counts above a limit to {@link Carries}. */
  void relieve(int limit) {
    pending = carries.relieve(counts, limit);
  }

  /** The histogram of a channel without its zeros and without exponent 255. */
  Histogram histogram(int channel, long positiveZeros, long negativeZeros) {
    Histogram outside = rest.histogram(channel, positiveZeros, negativeZeros);
    if (counts.length == 0) {
      return outside;
    }
    int[] binNumbers = new int[2 * slots];
    long[] binCounts = new long[binNumbers.length];
    int size = 0;
    for (int sign = 1; sign >= 0; sign--) {
      for (int i = 0; i < slots; i++) {
        int magnitude = sign == 0 ? i : slots - 1 - i;
        int slot = (sign << (8 + mantissaBits)) + channel * slots + magnitude;
        long values = counts[slot] + carries.at(slot);
        if (values > 0) {
          int bin = (firstOctave << mantissaBits) + magnitude;
          binNumbers[size] = sign == 0 ? bin : ~bin;
          binCounts[size++] = values;
        }
      }
    }
    return Histogram.of(bins.mantissaBits(), binNumbers, binCounts, size).merge(outside);
  }
}
