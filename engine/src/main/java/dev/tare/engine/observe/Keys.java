package dev.tare.engine.observe;

/**
 * Floats as ints of the same order.
 *
 * <p>The key of a float's bits flips all but the sign of negatives: -NaN below -Inf below finite
 * values, with -0.0 just below +0.0, below +Inf below NaN.
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

  /** Returns the float of a key; -0.0 becomes +0.0. */
  static float value(int key) {
    return Float.intBitsToFloat(of(key)) + 0.0f;
  }

  static boolean isFiniteBits(int bits) {
    return (bits & 0x7fffffff) < POSITIVE_INFINITY;
  }
}
