package dev.tare.engine.quant;

import java.nio.FloatBuffer;

/**
 * The difference between a signal and its reference, as sums from which the usual error measures
 * follow.
 *
 * <p>Sums are float64, added in index order from 0: the same buffers give the same bits, and sums
 * of pieces differ from the whole only by float64 rounding.
 *
 * @param count number of values
 * @param signal sum of squares of the reference
 * @param other sum of squares of the other signal
 * @param product sum of products of both
 * @param noise sum of squares of their difference
 */
public record QuantError(long count, double signal, double other, double product, double noise) {

  /** The error of no values: the identity of {@link #plus}. */
  public static final QuantError NONE = new QuantError(0, 0, 0, 0, 0);

  /**
   * Computes the error between two arrays.
   *
   * @throws IllegalArgumentException if the lengths differ
   */
  public static QuantError between(float[] reference, float[] other) {
    return between(FloatBuffer.wrap(reference), FloatBuffer.wrap(other));
  }

  /**
   * Computes the error between the remaining values of two buffers, whose positions stay unchanged.
   *
   * @throws IllegalArgumentException if the lengths differ
   */
  public static QuantError between(FloatBuffer reference, FloatBuffer other) {
    int length = reference.remaining();
    if (length != other.remaining()) {
      throw new IllegalArgumentException(
          "Cannot compare %d values with %d".formatted(length, other.remaining()));
    }
    double signal = 0;
    double power = 0;
    double product = 0;
    double noise = 0;
    for (int i = 0; i < length; i++) {
      double a = reference.get(reference.position() + i);
      double b = other.get(other.position() + i);
      signal += a * a;
      power += b * b;
      product += a * b;
      noise += (a - b) * (a - b);
    }
    return new QuantError(length, signal, power, product, noise);
  }

  /** Adds two errors: the error over the values of both. */
  public QuantError plus(QuantError that) {
    return new QuantError(
        count + that.count,
        signal + that.signal,
        other + that.other,
        product + that.product,
        noise + that.noise);
  }

  /** Mean squared error; NaN without values. */
  public double mse() {
    return noise / count;
  }

  /** Signal to noise in dB; infinite where no value differs, NaN without values. */
  public double sqnrDb() {
    return sqnrDb(count, signal, noise);
  }

  /** Cosine of the angle between both, in [-1, 1]; 1 where both are all zero, else 0 if one is. */
  public double cosine() {
    if (signal == 0 || other == 0) {
      return signal == other ? 1 : 0;
    }
    return Math.max(-1, Math.min(1, product / (Math.sqrt(signal) * Math.sqrt(other))));
  }

  static double sqnrDb(long count, double signal, double noise) {
    if (count == 0) {
      return Double.NaN;
    }
    return noise == 0 ? Double.POSITIVE_INFINITY : 10 * StrictMath.log10(signal / noise);
  }
}
