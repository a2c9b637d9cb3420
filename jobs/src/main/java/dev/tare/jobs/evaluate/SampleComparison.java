package dev.tare.jobs.evaluate;

import dev.tare.engine.quant.QuantError;
import dev.tare.engine.tensor.Shape;

/**
 * One output of one sample, float against quantized.
 *
 * @param error sums of squares and products over all values
 * @param argmaxPositions positions along all axes but the last
 * @param argmaxSame positions whose largest value sits at the same place
 */
public record SampleComparison(QuantError error, long argmaxPositions, long argmaxSame) {

  /**
   * Compares two outputs of equal shape.
   *
   * @param shape shape without the batch dimension; a scalar counts as one position of one value
   */
  public static SampleComparison of(float[] reference, float[] quantized, Shape shape) {
    int width = shape.rank() == 0 ? 1 : Math.toIntExact(shape.dim(shape.rank() - 1));
    long positions = width == 0 ? 0 : reference.length / width;
    long same = 0;
    for (int p = 0; p < positions; p++) {
      if (argmax(reference, p * width, width) == argmax(quantized, p * width, width)) {
        same++;
      }
    }
    return new SampleComparison(QuantError.between(reference, quantized), positions, same);
  }

  /** The first of the largest values. */
  private static int argmax(float[] values, int start, int width) {
    int best = 0;
    for (int i = 1; i < width; i++) {
      if (values[start + i] > values[start + best]) {
        best = i;
      }
    }
    return best;
  }
}
