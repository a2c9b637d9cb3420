package dev.tare.engine.quant;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.List;

/**
 * Integers of 32 bits, rounded in float64: float32 would lose the low bits of integers above 2^24.
 */
final class WideKernel implements Kernel {

  private static final VarHandle INTS =
      MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);

  private final Steps steps;
  private final Limits limits;
  private final int[] zeroPoints;

  WideKernel(List<QuantParams> params, Limits limits, Steps steps) {
    this.steps = steps;
    this.limits = limits;
    this.zeroPoints = params.stream().mapToInt(QuantParams::zeroPoint).toArray();
  }

  @Override
  public boolean quantize(float[] values, int param, int from, int to, byte[] codes) {
    boolean numbers = true;
    for (int i = from; i < to; i++) {
      int p = at(param, from, i);
      numbers &= !Float.isNaN(values[i]);
      INTS.set(codes, 4 * i, (int) (rounded(values[i], p) + zeroPoints[p]));
    }
    return numbers;
  }

  private int at(int param, int from, int index) {
    return steps.neighbours() ? param + index - from : param;
  }

  private long rounded(float x, int param) {
    double low = (double) limits.qmin() - zeroPoints[param];
    double high = (double) limits.qmax() - zeroPoints[param];
    double exact = steps.reciprocal() ? x * steps.factor(param) : (double) x / steps.scale(param);
    return (long) Math.min(Math.max(Math.rint(exact), low), high);
  }

  @Override
  public boolean fake(float[] values, int param, int from, int to) {
    boolean numbers = true;
    for (int i = from; i < to; i++) {
      int p = at(param, from, i);
      numbers &= !Float.isNaN(values[i]);
      values[i] = rounded(values[i], p) * steps.scale(p);
    }
    return numbers;
  }

  @Override
  public void real(int[] codes, int param, int from, int to, float[] out) {
    for (int i = from; i < to; i++) {
      int p = at(param, from, i);
      out[i] = ((long) codes[i] - zeroPoints[p]) * steps.scale(p);
    }
  }
}
