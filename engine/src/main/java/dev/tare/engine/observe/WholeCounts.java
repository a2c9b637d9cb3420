package dev.tare.engine.observe;

import dev.tare.engine.histogram.Histogram;

/** Counts the values of a whole tensor by raw index; not thread-safe. */
interface WholeCounts {

  /** Counts {@code length} values, given by their bits. */
  void add(int[] bits, int offset, int length);

  /** Number of values in the bin that contains zeros of a sign. */
  long inZeroBin(boolean negative);

  /** Number of values in the bin of some bits. */
  long inBinOf(int bits);

  /** The histogram without zeros and without exponent 255. */
  Histogram histogram(long positiveZeros, long negativeZeros);
}
