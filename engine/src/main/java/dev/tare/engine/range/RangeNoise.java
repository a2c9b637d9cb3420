package dev.tare.engine.range;

import dev.tare.engine.histogram.Distribution;
import dev.tare.engine.quant.ExpectedError;
import dev.tare.engine.quant.QuantParams;
import dev.tare.engine.quant.ScaleRule;

/**
 * The expected squared error of any range over one distribution, rounding and clipping together.
 *
 * <p>Values are uniform inside a bin; the error is integrated in closed form, with the same scale
 * and zero point that the range would get. With boundaries b between neighbouring integers, the sum
 * of squared errors is {@code sum x^2 - 2 scale (sum over b > 0 of E[(x - b)+] + sum over b < 0 of
 * E[(b - x)+])}, and each expectation follows from suffix sums in logarithmic time. If there are
 * more integers than bins, or the numbers are no integers, the error is integrated bin by bin
 * instead ({@link ExpectedError}).
 */
final class RangeNoise {

  private final Distribution distribution;
  private final ScaleRule rule;
  private final Tails above;
  private final Tails below;
  private final boolean byBin;

  RangeNoise(Distribution distribution, ScaleRule rule) {
    this.distribution = distribution;
    this.rule = rule;
    this.above = Tails.above(distribution);
    this.below = above.mirrored();
    this.byBin = !rule.type().isInteger() || rule.limits().levels() > distribution.bins();
  }

  /** Expected sum of squared errors. */
  double of(Range range) {
    QuantParams params = rule.params(range.low(), range.high());
    if (byBin) {
      return ExpectedError.of(distribution, params, rule.limits()).noise();
    }
    double scale = params.scale();
    double gain =
        below.excesses(
            params.zeroPoint() - rule.limits().qmin(),
            scale,
            above.excesses(rule.limits().qmax() - params.zeroPoint(), scale, 0));
    return above.power() - 2 * scale * gain;
  }

  /** Squared error of only the values outside: at most {@link #of}, and cheap. */
  double clipping(Range range) {
    QuantParams params = rule.params(range.low(), range.high());
    double scale = params.scale();
    double high = (rule.limits().qmax() - params.zeroPoint() + 0.5) * scale;
    double low = (rule.limits().qmin() - params.zeroPoint() - 0.5) * scale;
    return Math.max(above.squaredExcess(high), below.squaredExcess(-low));
  }
}
