package dev.tare.engine.quant;

import dev.tare.engine.histogram.Distribution;
import java.util.Optional;

/**
 * The quantization error that a histogram predicts, without the values.
 *
 * <p>Values are assumed uniform inside a bin, cut to the exact minimum and maximum, and the squared
 * error is integrated in closed form: over the part of a bin that rounds to one integer, with
 * distances t0 and t1 from that integer in steps, its mean is {@code (t0^2 + t0 t1 + t1^2) / 3},
 * and over a whole step 1/12. A bin may be inside one step, span many, or have no width; clipped
 * values round to the outermost integers, and their distance is not bounded by half a step. The
 * numbers of a floating-point type are unevenly spaced: there the part of each number is
 * integrated. Sums are float64 in bin order.
 *
 * @param count number of values
 * @param signal expected sum of squares of the values
 * @param noise expected sum of squares of the errors
 * @param clippedNoise the part of the noise from values that saturate; the rest is from rounding
 * @param clippedShare share of values in [0, 1] that saturate: those more than half a step outside
 *     the representable interval; NaN without values
 */
public record ExpectedError(
    long count, double signal, double noise, double clippedNoise, double clippedShare) {

  private static final double WHOLE_STEP = 1.0 / 12;

  /**
   * Computes the error with saturation to the limits of the type, as runtimes quantize activations.
   */
  public static ExpectedError of(Distribution distribution, QuantParams params) {
    return of(distribution, params, Limits.of(params.type()));
  }

  /**
   * Computes the error of quantizing every value of the distribution.
   *
   * <p>Cost: a few operations for each bin; for a floating-point type, for each of its numbers that
   * a bin overlaps.
   *
   * @param limits the integers that may be produced, as in {@link Quantizer}; ignored for a
   *     floating-point type
   */
  public static ExpectedError of(Distribution distribution, QuantParams params, Limits limits) {
    double scale = params.scale();
    double low = (double) limits.qmin() - params.zeroPoint();
    double high = (double) limits.qmax() - params.zeroPoint();
    Optional<FloatCells> cells = FloatCells.of(params.type());
    double top = cells.map(FloatCells::top).orElse(high + 0.5);
    double bottom = cells.map(FloatCells::bottom).orElse(low - 0.5);
    double signal = 0;
    double noise = 0;
    double clipped = 0;
    double clippedNoise = 0;
    for (int i = 0; i < distribution.bins(); i++) {
      long count = distribution.count(i);
      if (count == 0) {
        continue;
      }
      double lower = Math.max(distribution.lower(i), distribution.min());
      double upper = Math.max(lower, Math.min(distribution.upper(i), distribution.max()));
      signal += count * meanSquare(lower, upper);
      double from = lower / scale;
      double to = upper / scale;
      double error =
          cells.isPresent() ? cells.get().meanError(from, to) : meanError(from, to, low, high);
      noise += count * error * scale * scale;
      clipped += count * (above(from, to, top) + above(-to, -from, -bottom));
      clippedNoise +=
          count
              * (errorAbove(from, to, top, high) + errorAbove(-to, -from, -bottom, -low))
              * scale
              * scale;
    }
    long total = distribution.total();
    return new ExpectedError(
        total, signal, noise, clippedNoise, total == 0 ? Double.NaN : clipped / total);
  }

  /** Mean squared error; NaN without values. */
  public double mse() {
    return noise / count;
  }

  /** Signal to noise in dB; infinite where no value changes, NaN without values. */
  public double sqnrDb() {
    return QuantError.sqnrDb(count, signal, noise);
  }

  private static double meanError(double from, double to, double low, double high) {
    double first = nearest(from, low, high);
    double last = nearest(to, low, high);
    if (first == last) {
      return meanSquare(from - first, to - first);
    }
    double head = from - first;
    double tail = to - last;
    double sum = meanSquare(head, 0.5) * (0.5 - head) + meanSquare(-0.5, tail) * (tail + 0.5);
    return (sum + (last - first - 1) * WHOLE_STEP) / (to - from);
  }

  /** The integer that a value becomes, both in steps from the zero point. */
  static double nearest(double steps, double low, double high) {
    return Math.max(low, Math.min(high, Math.rint(steps)));
  }

  /** Mean of the squares of numbers uniform in [from, to]. */
  private static double meanSquare(double from, double to) {
    return (from * from + from * to + to * to) / 3;
  }

  /** Share of [from, to] above a limit. */
  private static double above(double from, double to, double limit) {
    if (from >= limit) {
      return from > limit || to > limit ? 1 : 0;
    }
    return to <= limit ? 0 : (to - limit) / (to - from);
  }

  /**
   * The part of the mean squared error in [from, to] from values above a limit, which become last.
   */
  private static double errorAbove(double from, double to, double limit, double last) {
    double share = above(from, to, limit);
    return share == 0 ? 0 : share * meanSquare(Math.max(from, limit) - last, to - last);
  }
}
