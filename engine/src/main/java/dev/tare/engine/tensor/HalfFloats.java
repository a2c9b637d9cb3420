package dev.tare.engine.tensor;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.ShortBuffer;

/** Floats of 16 bits as float32, which has all of their values, and back. */
public final class HalfFloats {

  private static final int FRACTION_BITS = 10;
  private static final int FRACTION = (1 << FRACTION_BITS) - 1;
  private static final int EXPONENT = 0x1f;
  private static final int BIAS_DIFFERENCE = 127 - 15;
  private static final float SMALLEST = 0x1p-24f;

  private HalfFloats() {}

  /**
   * Returns the same values as float32; costs a copy.
   *
   * @throws IllegalArgumentException if the type is neither FLOAT16 nor BFLOAT16
   * @throws ArithmeticException if the result has more than 2^31 - 1 bytes
   */
  public static Tensor widened(Tensor half) {
    boolean brain = half.dtype() == DType.BFLOAT16;
    if (!brain && half.dtype() != DType.FLOAT16) {
      throw new IllegalArgumentException("Cannot widen " + half.dtype());
    }
    ShortBuffer in = half.bytes().asShortBuffer();
    ByteBuffer out =
        ByteBuffer.allocate(Math.multiplyExact(in.remaining(), 4)).order(ByteOrder.LITTLE_ENDIAN);
    while (in.hasRemaining()) {
      short bits = in.get();
      out.putInt(brain ? bits << 16 : Float.floatToRawIntBits(ofFloat16(bits)));
    }
    return Tensor.of(DType.FLOAT32, half.shape(), out.flip());
  }

  /** Returns the value of an IEEE-754 binary16 pattern; NaN keeps its payload. */
  public static float ofFloat16(short bits) {
    int sign = (bits & 0x8000) << 16;
    int exponent = (bits >> FRACTION_BITS) & EXPONENT;
    int fraction = bits & FRACTION;
    if (exponent == 0) {
      float magnitude = fraction * SMALLEST;
      return sign == 0 ? magnitude : -magnitude;
    }
    int wide = exponent == EXPONENT ? 0xff : exponent + BIAS_DIFFERENCE;
    return Float.intBitsToFloat(sign | (wide << 23) | (fraction << (23 - FRACTION_BITS)));
  }

  /** Returns the pattern of the nearest bfloat16, half to even; NaN stays NaN. */
  public static short toBfloat16(float value) {
    int bits = Float.floatToRawIntBits(value);
    if (Float.isNaN(value)) {
      return (short) (bits >>> 16 | 0x40);
    }
    return (short) ((bits + 0x7fff + (bits >>> 16 & 1)) >>> 16);
  }

  /** Returns the pattern of the nearest binary16, half to even; NaN stays NaN. */
  public static short toFloat16(float value) {
    int bits = Float.floatToRawIntBits(value);
    int sign = bits >>> 16 & 0x8000;
    int magnitude = bits & Integer.MAX_VALUE;
    int infinity = EXPONENT << FRACTION_BITS;
    if (magnitude > 0x7f800000) {
      return (short) (sign | infinity | 0x200);
    }
    if (magnitude < (1 + BIAS_DIFFERENCE) << 23) {
      // Below the normal numbers each is a multiple of the smallest, a power of two.
      return (short) (sign | (int) Math.rint(Math.abs(value) / SMALLEST));
    }
    int dropped = 23 - FRACTION_BITS;
    int nearest = (magnitude + (1 << (dropped - 1)) - 1 + (magnitude >>> dropped & 1)) >>> dropped;
    return (short) (sign | Math.min(infinity, nearest - (BIAS_DIFFERENCE << FRACTION_BITS)));
  }
}
