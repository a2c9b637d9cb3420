package dev.tare.engine.quant;

/** Numbers of a table, times a scale. */
final class CodebookKernel implements Kernel {

  private final Codebook table;
  private final Steps steps;

  CodebookKernel(Codebook table, Steps steps) {
    this.table = table;
    this.steps = steps;
  }

  @Override
  public boolean quantize(float[] values, int param, int from, int to, byte[] codes) {
    steps.count(values, param, from, to);
    boolean all = true;
    for (int i = from; i < to; i++) {
      codes[i] = (byte) table.encode(values[i]);
      all &= !Float.isNaN(values[i]);
    }
    return all;
  }

  @Override
  public boolean fake(float[] values, int param, int from, int to) {
    steps.count(values, param, from, to);
    boolean all = true;
    for (int i = from; i < to; i++) {
      boolean number = !Float.isNaN(values[i]);
      // NaN stays, so that the message finds it.
      values[i] = number ? table.decode(table.encode(values[i])) : values[i];
      all &= number;
    }
    steps.scale(values, param, from, to);
    return all;
  }

  @Override
  public void real(int[] codes, int param, int from, int to, float[] out) {
    for (int i = from; i < to; i++) {
      out[i] = table.decode(codes[i]);
    }
    steps.scale(out, param, from, to);
  }
}
