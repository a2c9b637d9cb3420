package dev.tare.engine.quant;

import java.util.Arrays;

/**
 * A table that is learned from values: Lloyd's algorithm (S. P. Lloyd, "Least squares quantization
 * in PCM", 1982) on a line, which is k-means in one dimension.
 *
 * <p>It begins at the middles of equal shares of the sorted values and moves each number to the
 * mean of the values nearest to it until none changes sides, at most {@value #ROUNDS} times; a
 * number without values stays. The squared error never grows. Values are sorted first and sums are
 * float64 differences of running sums, so that the result depends on the values alone, not on their
 * order. Cost: a sort, and for each round a binary search for each number.
 */
final class Clusters {

  private static final int ROUNDS = 100;

  private Clusters() {}

  /**
   * @param values at least one, finite
   * @param size how many numbers the table has; some are equal if there are fewer values
   */
  static Codebook of(float[] values, int size) {
    float[] sorted = values.clone();
    for (int i = 0; i < sorted.length; i++) {
      // Negative zero sorts before zero, yet is the same number.
      sorted[i] += 0f;
    }
    Arrays.sort(sorted);
    double[] sums = new double[sorted.length + 1];
    for (int i = 0; i < sorted.length; i++) {
      sums[i + 1] = sums[i] + sorted[i];
    }
    float[] numbers = new float[size];
    for (int k = 0; k < size; k++) {
      numbers[k] = sorted[(int) ((2L * k + 1) * sorted.length / (2L * size))];
    }
    int[] before = new int[0];
    for (int round = 0; round < ROUNDS; round++) {
      int[] ends = ends(sorted, numbers);
      if (Arrays.equals(ends, before)) {
        break;
      }
      before = ends;
      int from = 0;
      for (int k = 0; k < size; k++) {
        if (ends[k] > from) {
          numbers[k] = (float) ((sums[ends[k]] - sums[from]) / (ends[k] - from));
        }
        from = ends[k];
      }
      // Rounding to float may swap neighbours that are almost equal.
      Arrays.sort(numbers);
    }
    return new Codebook(numbers);
  }

  /** For each number the index behind the last value that is nearest to it. */
  private static int[] ends(float[] sorted, float[] numbers) {
    int[] ends = new int[numbers.length];
    for (int k = 0; k < ends.length; k++) {
      if (k == ends.length - 1) {
        ends[k] = sorted.length;
        continue;
      }
      double middle = ((double) numbers[k] + numbers[k + 1]) / 2;
      int from = 0;
      int to = sorted.length;
      while (from < to) {
        int at = (from + to) >>> 1;
        if (sorted[at] <= middle) {
          from = at + 1;
        } else {
          to = at;
        }
      }
      ends[k] = from;
    }
    return ends;
  }
}
