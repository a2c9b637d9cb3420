package dev.tare.engine.checkpoint;

/**
 * Floating-point numbers of 4 bits, E2M1: a sign, two bits of exponent with bias 1 and one of
 * mantissa, from the high bit down. Magnitudes are 0, 0.5, 1, 1.5, 2, 3, 4, 6; there are neither
 * infinities nor NaN.
 *
 * <p>Rounding is half to even: 0.25 to 0, 0.75 to 1, 2.5 to 2, 5 to 4. A negative number that is
 * rounded to 0 keeps its sign, and -0.0 does not, as in compressed-tensors
 * (quantization/utils/fp4_utils.py).
 */
final class Float4 {

  private static final int SIGN = 8;
  private static final float[] VALUES = {
    0, 0.5f, 1, 1.5f, 2, 3, 4, 6, -0f, -0.5f, -1, -1.5f, -2, -3, -4, -6
  };

  private Float4() {}

  /** The code of the nearest number, in [0, 15]; what is beyond 6 becomes 6. */
  static int encode(float x) {
    float magnitude = Math.abs(x);
    int code;
    if (magnitude < 1.75f) {
      code = magnitude < 0.75f ? (magnitude <= 0.25f ? 0 : 1) : (magnitude <= 1.25f ? 2 : 3);
    } else {
      code = magnitude < 3.5f ? (magnitude <= 2.5f ? 4 : 5) : (magnitude <= 5 ? 6 : 7);
    }
    return x < 0 ? code | SIGN : code;
  }

  /** The number of a code in [0, 15]. */
  static float decode(int code) {
    return VALUES[code];
  }
}
