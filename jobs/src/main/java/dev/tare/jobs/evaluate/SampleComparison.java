package dev.tare.jobs.evaluate;

import dev.tare.engine.quant.QuantError;
import dev.tare.engine.tensor.Shape;

/**
 * One output of one sample, float against quantized.
 *
 * <p>Labels count as vectors with a 1 at the label and 0 elsewhere: their cosine is the share of
 * equal ones.
 *
 * @param error sums of squares and products over all finite values
 * @param largestError largest absolute difference of finite values; 0 without any
 * @param sameShape whether both have one shape; else nothing was compared
 * @param equalNonFinite values that are the same infinity, or NaN, in both
 * @param differentNonFinite values that are infinite or NaN in one, or another infinity
 * @param argmaxPositions positions along all axes but the last
 * @param argmaxSame positions whose largest value sits at the same place
 */
record SampleComparison(
    QuantError error,
    double largestError,
    boolean sameShape,
    long equalNonFinite,
    long differentNonFinite,
    long argmaxPositions,
    long argmaxSame) {

  private static final SampleComparison OTHER_SHAPE =
      new SampleComparison(QuantError.NONE, 0, false, 0, 0, 0, 0);

  /** Compares; a scalar counts as one position of one value. */
  static SampleComparison of(SampleOutput reference, SampleOutput quantized) {
    if (!reference.shape().equals(quantized.shape())) {
      return OTHER_SHAPE;
    }
    return reference.labelled()
        ? ofLabels(reference.labels(), quantized.labels())
        : of(reference.numbers(), quantized.numbers(), reference.shape());
  }

  private static SampleComparison ofLabels(long[] reference, long[] quantized) {
    long same = 0;
    for (int i = 0; i < reference.length; i++) {
      same += reference[i] == quantized[i] ? 1 : 0;
    }
    int count = reference.length;
    QuantError error = new QuantError(count, count, count, same, 2.0 * (count - same));
    return new SampleComparison(error, same < count ? 1 : 0, true, 0, 0, 0, 0);
  }

  /**
   * Compares two outputs of equal shape.
   *
   * @param shape shape without the batch dimension; a scalar counts as one position of one value
   */
  static SampleComparison of(float[] reference, float[] quantized, Shape shape) {
    int width = shape.rank() == 0 ? 1 : Math.toIntExact(shape.dim(shape.rank() - 1));
    long positions = width == 0 ? 0 : reference.length / width;
    long same = 0;
    for (int p = 0; p < positions; p++) {
      if (argmax(reference, p * width, width) == argmax(quantized, p * width, width)) {
        same++;
      }
    }
    return of(reference, quantized, positions, same);
  }

  private static SampleComparison of(
      float[] reference, float[] quantized, long positions, long same) {
    double signal = 0;
    double power = 0;
    double product = 0;
    double noise = 0;
    double largest = 0;
    long count = 0;
    long equal = 0;
    long different = 0;
    for (int i = 0; i < reference.length; i++) {
      double a = reference[i];
      double b = quantized[i];
      if (Double.isFinite(a) && Double.isFinite(b)) {
        count++;
        signal += a * a;
        power += b * b;
        product += a * b;
        noise += (a - b) * (a - b);
        largest = Math.max(largest, Math.abs(a - b));
      } else if (Double.compare(a, b) == 0) {
        equal++;
      } else {
        different++;
      }
    }
    QuantError error = new QuantError(count, signal, power, product, noise);
    return new SampleComparison(error, largest, true, equal, different, positions, same);
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
