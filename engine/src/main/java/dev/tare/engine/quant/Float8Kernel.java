package dev.tare.engine.quant;

/** Floating-point numbers of 8 bits, which have a code for NaN. */
final class Float8Kernel implements Kernel {

  private final Float8 format;
  private final Steps steps;

  Float8Kernel(Float8 format, Steps steps) {
    this.format = format;
    this.steps = steps;
  }

  @Override
  public boolean quantize(float[] values, int param, int from, int to, byte[] codes) {
    steps.count(values, param, from, to);
    for (int i = from; i < to; i++) {
      codes[i] = (byte) format.encode(values[i]);
    }
    return true;
  }

  @Override
  public boolean fake(float[] values, int param, int from, int to) {
    steps.count(values, param, from, to);
    for (int i = from; i < to; i++) {
      values[i] = format.decode(format.encode(values[i]));
    }
    steps.scale(values, param, from, to);
    return true;
  }

  @Override
  public void real(int[] codes, int param, int from, int to, float[] out) {
    for (int i = from; i < to; i++) {
      out[i] = format.decode(codes[i]);
    }
    steps.scale(out, param, from, to);
  }
}
