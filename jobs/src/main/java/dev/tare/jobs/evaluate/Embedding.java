package dev.tare.jobs.evaluate;

import dev.tare.engine.tensor.Shape;

/** The sentence vector of a token-level output: mean over tokens, scaled to length 1. */
final class Embedding {

  private Embedding() {}

  /**
   * Pools token vectors. Samples carry no padding, so every token counts.
   *
   * @param tokens values of shape [tokens, width]
   * @return {@code width} values; all 0 where the mean is 0
   */
  static float[] pool(float[] tokens, Shape shape) {
    int count = Math.toIntExact(shape.dim(0));
    int width = Math.toIntExact(shape.dim(1));
    double[] sums = new double[width];
    for (int t = 0; t < count; t++) {
      for (int i = 0; i < width; i++) {
        sums[i] += tokens[t * width + i];
      }
    }
    double square = 0;
    for (double sum : sums) {
      square += sum * sum;
    }
    double norm = Math.sqrt(square);
    float[] pooled = new float[width];
    for (int i = 0; i < width; i++) {
      pooled[i] = norm == 0 ? 0 : (float) (sums[i] / norm);
    }
    return pooled;
  }

  /**
   * Share of vectors whose nearest other vector, by cosine, is the same in both sets; ties go to
   * the lower index. Costs n^2 products of the width.
   *
   * @return NaN for fewer than two vectors
   */
  static double sameNearest(float[][] reference, float[][] quantized) {
    int n = reference.length;
    if (n < 2) {
      return Double.NaN;
    }
    int same = 0;
    for (int i = 0; i < n; i++) {
      if (nearest(reference, i) == nearest(quantized, i)) {
        same++;
      }
    }
    return (double) same / n;
  }

  /** The index of the nearest other vector, by cosine; -1 where there is none. */
  static int nearest(float[][] vectors, int query) {
    int best = -1;
    float bestDot = Float.NEGATIVE_INFINITY;
    for (int i = 0; i < vectors.length; i++) {
      if (i != query) {
        float dot = 0;
        for (int k = 0; k < vectors[i].length; k++) {
          dot += vectors[i][k] * vectors[query][k];
        }
        if (best < 0 || dot > bestDot) {
          best = i;
          bestDot = dot;
        }
      }
    }
    return best;
  }
}
