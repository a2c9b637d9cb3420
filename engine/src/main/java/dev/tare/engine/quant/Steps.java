package dev.tare.engine.quant;

import java.util.List;

/** Scales of parameters, and values counted in steps of them. Not thread-safe. */
final class Steps {

  private final float[] scales;
  private final float[] factors;
  private final boolean neighbours;

  /** Parameters at the indices of their values: only so does the compiler vectorize the loop. */
  private final float[] aligned;

  private Steps(float[] scales, float[] factors, boolean neighbours) {
    this.scales = scales;
    this.factors = factors;
    this.neighbours = neighbours;
    this.aligned = new float[neighbours ? ParamRuns.CHUNK : 0];
  }

  static Steps of(List<QuantParams> params, Rounding rounding, boolean neighbours) {
    float[] scales = new float[params.size()];
    for (int p = 0; p < scales.length; p++) {
      scales[p] = params.get(p).scale();
    }
    boolean division = rounding == Rounding.DIVISION;
    return new Steps(scales, division ? new float[0] : reciprocals(scales), neighbours);
  }

  private static float[] reciprocals(float[] scales) {
    float[] factors = new float[scales.length];
    for (int p = 0; p < scales.length; p++) {
      factors[p] = 1f / scales[p];
      if (Float.isInfinite(factors[p])) {
        throw new IllegalArgumentException(
            "Cannot multiply by the reciprocal of scale " + scales[p] + ": it is infinite");
      }
    }
    return factors;
  }

  boolean neighbours() {
    return neighbours;
  }

  boolean reciprocal() {
    return factors.length > 0;
  }

  float scale(int param) {
    return scales[param];
  }

  float factor(int param) {
    return factors[param];
  }

  /** Replaces values by steps. */
  void count(float[] values, int param, int from, int to) {
    if (reciprocal()) {
      multiply(values, factors, param, from, to);
    } else if (neighbours) {
      align(scales, param, from, to);
      for (int i = from; i < to; i++) {
        values[i] /= aligned[i];
      }
    } else {
      float scale = scales[param];
      for (int i = from; i < to; i++) {
        values[i] /= scale;
      }
    }
  }

  private void align(float[] from, int param, int start, int end) {
    System.arraycopy(from, param, aligned, start, end - start);
  }

  /** Replaces steps by values. */
  void scale(float[] values, int param, int from, int to) {
    multiply(values, scales, param, from, to);
  }

  private void multiply(float[] values, float[] by, int param, int from, int to) {
    if (neighbours) {
      align(by, param, from, to);
      for (int i = from; i < to; i++) {
        values[i] *= aligned[i];
      }
      return;
    }
    float factor = by[param];
    for (int i = from; i < to; i++) {
      values[i] *= factor;
    }
  }
}
