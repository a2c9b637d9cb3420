package dev.tare.engine.quant;

import java.nio.ByteBuffer;
import java.util.List;

/**
 * The arithmetic of channels: {@code clamp(rint(x / scale), qmin - zeroPoint, qmax - zeroPoint)} in
 * steps, and back.
 *
 * <p>Clamping before rounding gives the same integer, because the limits are integers, and keeps |x
 * / scale| below 2^22, where adding 1.5 * 2^23 rounds half to even: the float's last bit then is
 * worth one.
 *
 * <p>Methods work on indices [from, to): all of one channel, or, if channels are innermost, index
 * {@code from + i} of {@code channel + i}. They return false when a value was NaN.
 */
final class AffineKernel {

  private static final float ROUNDER = 0x1.8p23f;
  private static final int ROUNDER_BITS = Float.floatToRawIntBits(ROUNDER);

  private final boolean innermost;
  private final boolean wide;
  private final float[] scales;
  private final int[] zeroPoints;
  private final float[] lows;
  private final float[] highs;
  private final Limits limits;

  AffineKernel(List<QuantParams> params, Limits limits, boolean innermost) {
    int channels = params.size();
    this.innermost = innermost;
    this.wide = channels > 0 && params.get(0).type().dtype().bytes() > 1;
    this.limits = limits;
    this.scales = new float[channels];
    this.zeroPoints = new int[channels];
    this.lows = new float[channels];
    this.highs = new float[channels];
    for (int c = 0; c < channels; c++) {
      scales[c] = params.get(c).scale();
      zeroPoints[c] = params.get(c).zeroPoint();
      lows[c] = (long) limits.qmin() - zeroPoints[c];
      highs[c] = (long) limits.qmax() - zeroPoints[c];
    }
  }

  /** Quantizes to bytes. */
  boolean quantize(float[] in, int channel, int from, int to, byte[] out) {
    boolean numbers = true;
    if (innermost) {
      for (int i = from, c = channel; i < to; i++, c++) {
        float steps = in[i] / scales[c];
        numbers &= !Float.isNaN(steps);
        out[i] = (byte) (rounded(steps, lows[c], highs[c]) + zeroPoints[c]);
      }
      return numbers;
    }
    float scale = scales[channel];
    float low = lows[channel];
    float high = highs[channel];
    int zeroPoint = zeroPoints[channel];
    for (int i = from; i < to; i++) {
      float steps = in[i] / scale;
      numbers &= !Float.isNaN(steps);
      out[i] = (byte) (rounded(steps, low, high) + zeroPoint);
    }
    return numbers;
  }

  private static int rounded(float steps, float low, float high) {
    return Float.floatToRawIntBits(clamped(steps, low, high) + ROUNDER) - ROUNDER_BITS;
  }

  private static float clamped(float steps, float low, float high) {
    return steps < low ? low : steps > high ? high : steps;
  }

  /**
   * Quantizes to int32 at bytes 4 * from.
   *
   * <p>The division is in float64, as ONNX Runtime quantizes biases: float32 would lose the low
   * bits of integers above 2^24.
   */
  boolean quantizeWide(float[] in, int channel, int from, int to, ByteBuffer out) {
    boolean numbers = true;
    for (int i = from; i < to; i++) {
      int c = innermost ? channel + i - from : channel;
      numbers &= !Float.isNaN(in[i]);
      out.putInt(4 * i, (int) (wideSteps(in[i], c) + zeroPoints[c]));
    }
    return numbers;
  }

  private long wideSteps(float x, int channel) {
    double low = (double) limits.qmin() - zeroPoints[channel];
    double high = (double) limits.qmax() - zeroPoints[channel];
    return (long) Math.min(Math.max(Math.rint((double) x / scales[channel]), low), high);
  }

  /** Quantizes and dequantizes in place. */
  boolean fake(float[] values, int channel, int from, int to) {
    boolean numbers = true;
    if (wide) {
      for (int i = from; i < to; i++) {
        int c = innermost ? channel + i - from : channel;
        numbers &= !Float.isNaN(values[i]);
        values[i] = wideSteps(values[i], c) * scales[c];
      }
      return numbers;
    }
    if (innermost) {
      for (int i = from, c = channel; i < to; i++, c++) {
        float steps = values[i] / scales[c];
        numbers &= !Float.isNaN(steps);
        values[i] = (clamped(steps, lows[c], highs[c]) + ROUNDER - ROUNDER) * scales[c];
      }
      return numbers;
    }
    float scale = scales[channel];
    float low = lows[channel];
    float high = highs[channel];
    for (int i = from; i < to; i++) {
      float steps = values[i] / scale;
      numbers &= !Float.isNaN(steps);
      values[i] = (clamped(steps, low, high) + ROUNDER - ROUNDER) * scale;
    }
    return numbers;
  }

  /** The real numbers behind integers in [from, to). */
  void real(int[] q, int channel, int from, int to, float[] out) {
    for (int i = from; i < to; i++) {
      int c = innermost ? channel + i - from : channel;
      out[i] = ((long) q[i] - zeroPoints[c]) * scales[c];
    }
  }
}
