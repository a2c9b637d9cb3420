package dev.tare.engine.tensor;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.ShortBuffer;

/** Floats of 16 bits as float32, which has all of their values. */
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
}
