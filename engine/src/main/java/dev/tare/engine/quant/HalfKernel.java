package dev.tare.engine.quant;

import dev.tare.engine.tensor.HalfFloats;

/** Floating-point numbers of 16 bits: half to even, saturated to the largest finite number. */
final class HalfKernel implements Kernel {

  private static final float LARGEST = QuantType.FLOAT16.qmax();

  private final Steps steps;

  HalfKernel(Steps steps) {
    this.steps = steps;
  }

  @Override
  public boolean quantize(float[] values, int param, int from, int to, byte[] codes) {
    steps.count(values, param, from, to);
    for (int i = from; i < to; i++) {
      short code = code(values[i]);
      codes[2 * i] = (byte) code;
      codes[2 * i + 1] = (byte) (code >> 8);
    }
    return true;
  }

  @Override
  public boolean fake(float[] values, int param, int from, int to) {
    steps.count(values, param, from, to);
    for (int i = from; i < to; i++) {
      values[i] = HalfFloats.ofFloat16(code(values[i]));
    }
    steps.scale(values, param, from, to);
    return true;
  }

  @Override
  public void real(int[] codes, int param, int from, int to, float[] out) {
    for (int i = from; i < to; i++) {
      out[i] = HalfFloats.ofFloat16((short) codes[i]);
    }
    steps.scale(out, param, from, to);
  }

  /** NaN stays NaN. */
  private static short code(float value) {
    return HalfFloats.toFloat16(Math.max(-LARGEST, Math.min(LARGEST, value)));
  }
}
