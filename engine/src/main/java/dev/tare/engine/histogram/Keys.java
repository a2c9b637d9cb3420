package dev.tare.engine.histogram;

/**
 * Floats as ints of the same order, and scans for the smallest and largest of them.
 *
 * <p>The key of a float's bits flips all but the sign of negatives: -NaN below -Inf below finite
 * values, with -0.0 just below +0.0, below +Inf below NaN. Loops run over independent lanes, which
 * the compiler turns into vector code.
 */
final class Keys {

  static final int NO_MIN = Integer.MAX_VALUE;
  static final int NO_MAX = Integer.MIN_VALUE;
  static final int POSITIVE_INFINITY = 0x7f800000;
  static final int NEGATIVE_INFINITY = 0x807fffff;

  private Keys() {}

  static int of(int bits) {
    return bits ^ ((bits >> 31) & 0x7fffffff);
  }

  /** The float behind a key; -0.0 becomes +0.0. */
  static float value(int key) {
    return Float.intBitsToFloat(of(key)) + 0.0f;
  }

  static boolean isFiniteBits(int bits) {
    return (bits & 0x7fffffff) < POSITIVE_INFINITY;
  }

  /** Folds one row of bits, none of them of exponent 255, into the extremes of its columns. */
  static void foldRow(int[] bits, int offset, int width, int[] mins, int[] maxs, int first) {
    // Branches that are hardly ever taken cost less than the latency of conditional moves.
    for (int i = 0; i < width; i++) {
      int b = bits[offset + i];
      int key = b ^ ((b >> 31) & 0x7fffffff);
      if (key > maxs[first + i]) {
        maxs[first + i] = key;
      }
      if (key < mins[first + i]) {
        mins[first + i] = key;
      }
    }
  }

  /** Folds every n-th of some bits, none of them of exponent 255, into one pair of extremes. */
  static void foldEvery(int n, int[] bits, int from, int to, int[] mins, int[] maxs, int at) {
    int low = mins[at];
    int high = maxs[at];
    for (int i = from; i < to; i += n) {
      int b = bits[i];
      int key = b ^ ((b >> 31) & 0x7fffffff);
      if (key > high) {
        high = key;
      }
      if (key < low) {
        low = key;
      }
    }
    mins[at] = low;
    maxs[at] = high;
  }
}
