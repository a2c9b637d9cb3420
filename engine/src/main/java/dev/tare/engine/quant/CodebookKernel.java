package dev.tare.engine.quant;

import java.util.List;

/** Numbers of a table, times a scale. */
final class CodebookKernel implements Kernel {

  private final Codebook[] tables;
  private final Steps steps;

  /**
   * @throws IllegalArgumentException if parameters of a learned type have no table
   */
  CodebookKernel(List<QuantParams> params, Steps steps) {
    this.tables = new Codebook[params.size()];
    for (int p = 0; p < tables.length; p++) {
      QuantParams each = params.get(p);
      this.tables[p] =
          each.codebook()
              .or(() -> each.type().codebook())
              .orElseThrow(
                  () ->
                      new IllegalArgumentException(
                          "Cannot quantize to " + each.type() + " without its table"));
    }
    this.steps = steps;
  }

  private Codebook table(int param, int from, int i) {
    return tables[steps.neighbours() ? param + i - from : param];
  }

  @Override
  public boolean quantize(float[] values, int param, int from, int to, byte[] codes) {
    steps.count(values, param, from, to);
    boolean all = true;
    for (int i = from; i < to; i++) {
      codes[i] = (byte) table(param, from, i).encode(values[i]);
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
      if (number) {
        Codebook table = table(param, from, i);
        values[i] = table.decode(table.encode(values[i]));
      }
      // NaN stays, so that the message finds it.
      all &= number;
    }
    steps.scale(values, param, from, to);
    return all;
  }

  @Override
  public void real(int[] codes, int param, int from, int to, float[] out) {
    for (int i = from; i < to; i++) {
      out[i] = table(param, from, i).decode(codes[i]);
    }
    steps.scale(out, param, from, to);
  }
}
