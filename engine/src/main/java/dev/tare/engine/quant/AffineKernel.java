package dev.tare.engine.quant;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.List;

/**
 * Integers of up to 16 bits: {@code clamp(rint(steps), qmin - zeroPoint, qmax - zeroPoint)}.
 *
 * <p>Clamping before rounding gives the same integer, because the limits are integers, and keeps
 * |steps| below 2^17, far from 2^22, up to where adding 1.5 * 2^23 rounds half to even: the last
 * bit of the sum is worth one.
 */
final class AffineKernel implements Kernel {

  private static final float ROUNDER = 0x1.8p23f;
  private static final int ROUNDER_BITS = Float.floatToRawIntBits(ROUNDER);
  private static final VarHandle SHORTS =
      MethodHandles.byteArrayViewVarHandle(short[].class, ByteOrder.LITTLE_ENDIAN);

  private final Steps steps;
  private final boolean twoBytes;
  private final int[] zeroPoints;
  private final float[] lows;
  private final float[] highs;

  AffineKernel(List<QuantParams> params, Limits limits, Steps steps) {
    int count = params.size();
    this.steps = steps;
    this.twoBytes = params.get(0).type().dtype().bits() > 8;
    this.zeroPoints = new int[count];
    this.lows = new float[count];
    this.highs = new float[count];
    for (int p = 0; p < count; p++) {
      zeroPoints[p] = params.get(p).zeroPoint();
      lows[p] = limits.qmin() - zeroPoints[p];
      highs[p] = limits.qmax() - zeroPoints[p];
    }
  }

  @Override
  public boolean quantize(float[] values, int param, int from, int to, byte[] codes) {
    steps.count(values, param, from, to);
    if (steps.neighbours()) {
      return twoBytes
          ? shortsOfNeighbours(values, param, from, to, codes)
          : bytesOfNeighbours(values, param, from, to, codes);
    }
    return twoBytes
        ? shorts(values, param, from, to, codes)
        : bytes(values, param, from, to, codes);
  }

  private boolean bytes(float[] values, int param, int from, int to, byte[] codes) {
    boolean numbers = true;
    float low = lows[param];
    float high = highs[param];
    int shift = zeroPoints[param] - ROUNDER_BITS;
    for (int i = from; i < to; i++) {
      float each = values[i];
      numbers &= !Float.isNaN(each);
      codes[i] = (byte) (Float.floatToRawIntBits(clamped(each, low, high) + ROUNDER) + shift);
    }
    return numbers;
  }

  private boolean shorts(float[] values, int param, int from, int to, byte[] codes) {
    boolean numbers = true;
    float low = lows[param];
    float high = highs[param];
    int shift = zeroPoints[param] - ROUNDER_BITS;
    for (int i = from; i < to; i++) {
      float each = values[i];
      numbers &= !Float.isNaN(each);
      int code = Float.floatToRawIntBits(clamped(each, low, high) + ROUNDER) + shift;
      SHORTS.set(codes, 2 * i, (short) code);
    }
    return numbers;
  }

  private boolean bytesOfNeighbours(float[] values, int param, int from, int to, byte[] codes) {
    boolean numbers = true;
    for (int i = from, p = param; i < to; i++, p++) {
      float each = values[i];
      numbers &= !Float.isNaN(each);
      int rounded = Float.floatToRawIntBits(clamped(each, lows[p], highs[p]) + ROUNDER);
      codes[i] = (byte) (rounded - ROUNDER_BITS + zeroPoints[p]);
    }
    return numbers;
  }

  private boolean shortsOfNeighbours(float[] values, int param, int from, int to, byte[] codes) {
    boolean numbers = true;
    for (int i = from, p = param; i < to; i++, p++) {
      float each = values[i];
      numbers &= !Float.isNaN(each);
      int rounded = Float.floatToRawIntBits(clamped(each, lows[p], highs[p]) + ROUNDER);
      SHORTS.set(codes, 2 * i, (short) (rounded - ROUNDER_BITS + zeroPoints[p]));
    }
    return numbers;
  }

  private static float clamped(float steps, float low, float high) {
    return steps < low ? low : steps > high ? high : steps;
  }

  @Override
  public boolean fake(float[] values, int param, int from, int to) {
    steps.count(values, param, from, to);
    boolean numbers =
        steps.neighbours()
            ? roundByNeighbours(values, param, from, to)
            : round(values, param, from, to);
    steps.scale(values, param, from, to);
    return numbers;
  }

  private boolean round(float[] values, int param, int from, int to) {
    boolean numbers = true;
    float low = lows[param];
    float high = highs[param];
    for (int i = from; i < to; i++) {
      float each = values[i];
      numbers &= !Float.isNaN(each);
      values[i] = clamped(each, low, high) + ROUNDER - ROUNDER;
    }
    return numbers;
  }

  private boolean roundByNeighbours(float[] values, int param, int from, int to) {
    boolean numbers = true;
    for (int i = from, p = param; i < to; i++, p++) {
      float each = values[i];
      numbers &= !Float.isNaN(each);
      values[i] = clamped(each, lows[p], highs[p]) + ROUNDER - ROUNDER;
    }
    return numbers;
  }

  @Override
  public void real(int[] codes, int param, int from, int to, float[] out) {
    if (steps.neighbours()) {
      for (int i = from, p = param; i < to; i++, p++) {
        out[i] = codes[i] - zeroPoints[p];
      }
    } else {
      int zeroPoint = zeroPoints[param];
      for (int i = from; i < to; i++) {
        out[i] = codes[i] - zeroPoint;
      }
    }
    steps.scale(out, param, from, to);
  }
}
