package dev.tare.engine.quant;

import dev.tare.engine.histogram.Distribution;

/**
 * What quantization does to the mean of values, predicted from their histogram: {@code
 * E[fakeQuantize(x)] = mean + shift}.
 *
 * <p>As in {@link ExpectedError}, values are assumed uniform inside a bin, cut to the exact minimum
 * and maximum, and integrated in closed form: over the part of a bin that rounds to one integer,
 * with distances t0 and t1 from that integer in steps, the mean shift is {@code -(t0 + t1) / 2},
 * and over a whole step 0. Clipped values move to the outermost integers. Sums are float64 in bin
 * order.
 *
 * @param count number of values
 * @param mean expected mean of the values; NaN without values
 * @param variance expected mean squared distance from it
 * @param shift expected mean of what quantization adds to a value
 * @param noise expected mean of the squares of that
 */
public record ExpectedShift(long count, double mean, double variance, double shift, double noise) {

  /** Mean and variance of values that stay as they are: nothing is added to them. */
  public static ExpectedShift of(Distribution distribution) {
    double sum = 0;
    double squares = 0;
    for (int i = 0; i < distribution.bins(); i++) {
      long count = distribution.count(i);
      if (count > 0) {
        double lower = Math.max(distribution.lower(i), distribution.min());
        double upper = Math.max(lower, Math.min(distribution.upper(i), distribution.max()));
        sum += count * (lower + upper) / 2;
        squares += count * (lower * lower + lower * upper + upper * upper) / 3;
      }
    }
    long total = distribution.total();
    double mean = sum / total;
    return new ExpectedShift(total, mean, Math.max(0, squares / total - mean * mean), 0, 0);
  }

  /**
   * Computes the shift with saturation to the limits of an integer type.
   *
   * @throws IllegalArgumentException if the type is a floating-point one
   */
  public static ExpectedShift of(Distribution distribution, QuantParams params) {
    if (!params.type().isInteger()) {
      throw new IllegalArgumentException("No shift is known for type " + params.type());
    }
    Limits limits = Limits.of(params.type());
    double scale = params.scale();
    double low = (double) limits.qmin() - params.zeroPoint();
    double high = (double) limits.qmax() - params.zeroPoint();
    double shift = 0;
    for (int i = 0; i < distribution.bins(); i++) {
      long count = distribution.count(i);
      if (count > 0) {
        double lower = Math.max(distribution.lower(i), distribution.min());
        double upper = Math.max(lower, Math.min(distribution.upper(i), distribution.max()));
        shift += count * shift(lower / scale, upper / scale, low, high) * scale;
      }
    }
    ExpectedShift values = of(distribution);
    return new ExpectedShift(
        values.count(),
        values.mean(),
        values.variance(),
        shift / values.count(),
        ExpectedError.of(distribution, params, limits).mse());
  }

  /** Mean of nearest - x, in steps, for x uniform in [from, to]. */
  private static double shift(double from, double to, double low, double high) {
    double first = ExpectedError.nearest(from, low, high);
    double last = ExpectedError.nearest(to, low, high);
    if (first == last) {
      return first - (from + to) / 2;
    }
    double head = from - first;
    double tail = to - last;
    return (head * head - tail * tail) / 2 / (to - from);
  }
}
