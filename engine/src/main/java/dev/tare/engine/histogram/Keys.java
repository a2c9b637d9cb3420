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

  static final int LANES = 256;

  private Keys() {}

  static int of(int bits) {
    return bits ^ ((bits >> 31) & 0x7fffffff);
  }

  /** The float behind a key; -0.0 becomes +0.0. */
  static float value(int key) {
    return Float.intBitsToFloat(of(key)) + 0.0f;
  }

  static boolean isFinite(int key) {
    return key > NEGATIVE_INFINITY && key < POSITIVE_INFINITY;
  }

  static boolean isFiniteBits(int bits) {
    return (bits & 0x7fffffff) < POSITIVE_INFINITY;
  }

  /** Folds one row of bits into the running extremes of its columns. */
  static void foldRow(int[] bits, int offset, int width, int[] mins, int[] maxs, int first) {
    for (int i = 0; i < width; i++) {
      int b = bits[offset + i];
      int key = b ^ ((b >> 31) & 0x7fffffff);
      mins[first + i] = Math.min(mins[first + i], key);
      maxs[first + i] = Math.max(maxs[first + i], key);
    }
  }
}
