package dev.tare.engine.quant;

import java.nio.ByteBuffer;

/**
 * The arithmetic of one channel: {@code clamp(rint(x / scale), qmin - zeroPoint, qmax - zeroPoint)}
 * in steps, and back.
 *
 * <p>Clamping before rounding gives the same integer, because the limits are integers, and keeps |x
 * / scale| below 2^22, where adding 1.5 * 2^23 rounds half to even: the float's last bit then is
 * worth one.
 */
final class AffineKernel {

  private static final float ROUNDER = 0x1.8p23f;
  private static final int ROUNDER_BITS = Float.floatToRawIntBits(ROUNDER);

  private final float scale;
  private final int zeroPoint;
  private final boolean wide;
  private final long low;
  private final long high;

  AffineKernel(QuantParams params, Limits limits) {
    this.scale = params.scale();
    this.zeroPoint = params.zeroPoint();
    this.wide = params.type().dtype().bytes() > 1;
    this.low = (long) limits.qmin() - zeroPoint;
    this.high = (long) limits.qmax() - zeroPoint;
  }

  /** Quantizes in[from, to) to bytes; false when a value was NaN. */
  boolean quantize(float[] in, int from, int to, byte[] out) {
    float step = scale;
    float min = low;
    float max = high;
    int offset = zeroPoint - ROUNDER_BITS;
    boolean numbers = true;
    for (int i = from; i < to; i++) {
      float steps = in[i] / step;
      numbers &= !Float.isNaN(steps);
      float clamped = steps < min ? min : steps > max ? max : steps;
      out[i] = (byte) (Float.floatToRawIntBits(clamped + ROUNDER) + offset);
    }
    return numbers;
  }

  /**
   * Quantizes in[from, to) to int32 at bytes 4 * from; false when a value was NaN.
   *
   * <p>The division is in float64, as ONNX Runtime quantizes biases: float32 would lose the low
   * bits of integers above 2^24.
   */
  boolean quantizeWide(float[] in, int from, int to, ByteBuffer out) {
    boolean numbers = true;
    for (int i = from; i < to; i++) {
      numbers &= !Float.isNaN(in[i]);
      out.putInt(4 * i, (int) (wideSteps(in[i]) + zeroPoint));
    }
    return numbers;
  }

  private long wideSteps(float x) {
    double steps = Math.rint((double) x / scale);
    return (long) Math.min(Math.max(steps, (double) low), (double) high);
  }

  /** Quantizes and dequantizes in place; false when a value was NaN. */
  boolean fake(float[] values, int from, int to) {
    boolean numbers = true;
    if (wide) {
      for (int i = from; i < to; i++) {
        numbers &= !Float.isNaN(values[i]);
        values[i] = wideSteps(values[i]) * scale;
      }
      return numbers;
    }
    float step = scale;
    float min = low;
    float max = high;
    for (int i = from; i < to; i++) {
      float steps = values[i] / step;
      numbers &= !Float.isNaN(steps);
      float clamped = steps < min ? min : steps > max ? max : steps;
      values[i] = (clamped + ROUNDER - ROUNDER) * step;
    }
    return numbers;
  }

  /** The real number behind an integer. */
  float real(int q) {
    return ((long) q - zeroPoint) * scale;
  }
}
