package dev.tare.engine.range;

import dev.tare.engine.histogram.Distribution;
import dev.tare.engine.quant.QuantParams;
import dev.tare.engine.quant.ScaleRule;

/**
 * The range with the least expected squared error, rounding and clipping together.
 *
 * <p>Values are uniform inside a bin; the error of the very scale and zero point that the range
 * would get is integrated in closed form. With boundaries b between neighbouring integers, the sum
 * of squared errors is {@code sum x^2 - 2 scale (sum over b > 0 of E[(x - b)+] + sum over b < 0 of
 * E[(b - x)+])}, and each expectation follows from suffix sums in logarithmic time.
 *
 * <p>Candidates: the full range, each end times 2^(-i/8) down to 2^-24, then three rounds that
 * divide the neighbourhood of the best by eight. A symmetric target moves both ends together; an
 * asymmetric one moves one end at a time, starting from the full range, until neither moves. Ties
 * go to the larger range. Min-max is a candidate, so the expected error is never above its.
 *
 * <p>Cost: some hundred candidates, each the number of integers times the logarithm of the bins. A
 * type of more than 16 bits is not searched and gets the full range: nothing can be gained.
 */
public record Mse() implements RangeSelector {

  private static final int PER_OCTAVE = 8;
  private static final int OCTAVES = 24;
  private static final int REFINEMENTS = 3;
  private static final int ROUNDS = 8;
  private static final long MOST_LEVELS = 1 << 16;

  @Override
  public Range select(Distribution distribution, Target target) {
    Range full = MinMax.full(distribution);
    ScaleRule rule = target.rule();
    if (MinMax.settles(full) || rule.limits().levels() > MOST_LEVELS) {
      return full;
    }
    MinMax.requireHistogram(distribution, name());
    Search search = new Search(distribution, full, rule);
    return target.symmetric() ? search.symmetric() : search.asymmetric();
  }

  @Override
  public String name() {
    return "mse";
  }

  /** A family of ranges: the one whose moving ends are at {@code fraction} of their extremes. */
  @FunctionalInterface
  private interface Family {
    Range at(double fraction);
  }

  /** One search over one distribution; confined to a call. */
  private static final class Search {

    private final Range full;
    private final ScaleRule rule;
    private final Tails above;
    private final Tails below;

    Search(Distribution distribution, Range full, ScaleRule rule) {
      this.full = full;
      this.rule = rule;
      this.above = Tails.above(distribution);
      this.below = above.mirrored();
    }

    Range symmetric() {
      double magnitude = full.magnitude();
      return best(f -> MinMax.inside(full, -magnitude * f, magnitude * f));
    }

    Range asymmetric() {
      Range range = full;
      for (int round = 0; round < ROUNDS; round++) {
        Range before = range;
        if (full.high() > 0) {
          float low = range.low();
          range = best(f -> MinMax.inside(full, low, full.high() * f), range);
        }
        if (full.low() < 0) {
          float high = range.high();
          range = best(f -> MinMax.inside(full, full.low() * f, high), range);
        }
        if (range.equals(before)) {
          break;
        }
      }
      return range;
    }

    private Range best(Family family, Range incumbent) {
      Range found = best(family);
      return noise(found) < noise(incumbent) ? found : incumbent;
    }

    private Range best(Family family) {
      double best = 1;
      double least = noise(family.at(1));
      for (int i = 1; i <= OCTAVES * PER_OCTAVE; i++) {
        double fraction = StrictMath.pow(2, -i / (double) PER_OCTAVE);
        Range range = family.at(fraction);
        if (clipping(range) > least) {
          break;
        }
        double noise = noise(range);
        if (noise < least) {
          least = noise;
          best = fraction;
        }
      }
      double width = StrictMath.pow(2, 1.0 / PER_OCTAVE) - 1;
      for (int round = 0; round < REFINEMENTS; round++) {
        double middle = best;
        for (int i = PER_OCTAVE; i >= -PER_OCTAVE; i--) {
          double fraction = Math.min(1, middle * (1 + width * i / PER_OCTAVE));
          double noise = noise(family.at(fraction));
          if (noise < least || (noise == least && fraction > best)) {
            least = noise;
            best = fraction;
          }
        }
        width /= PER_OCTAVE;
      }
      return family.at(best);
    }

    /** Squared error of the values outside: a lower bound that grows as the range shrinks. */
    private double clipping(Range range) {
      QuantParams params = rule.params(range.low(), range.high());
      double scale = params.scale();
      double high = (rule.limits().qmax() - params.zeroPoint() + 0.5) * scale;
      double low = (rule.limits().qmin() - params.zeroPoint() - 0.5) * scale;
      return Math.max(above.squaredExcess(high), below.squaredExcess(-low));
    }

    private double noise(Range range) {
      QuantParams params = rule.params(range.low(), range.high());
      double scale = params.scale();
      double gain = 0;
      for (int k = rule.limits().qmax() - params.zeroPoint() - 1; k >= 0; k--) {
        gain += above.excess((k + 0.5) * scale);
      }
      for (int k = params.zeroPoint() - rule.limits().qmin() - 1; k >= 0; k--) {
        gain += below.excess((k + 0.5) * scale);
      }
      return above.power() - 2 * scale * gain;
    }
  }
}
