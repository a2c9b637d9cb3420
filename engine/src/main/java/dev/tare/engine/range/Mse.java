package dev.tare.engine.range;

import dev.tare.engine.histogram.Distribution;
import dev.tare.engine.quant.Limits;
import dev.tare.engine.quant.ScaleRule;

/**
 * The range with the least expected squared error, rounding and clipping together.
 *
 * <p>The errors are integrated in closed form inside the bins ({@link RangeNoise}), with the same
 * scale and zero point that the range would get.
 *
 * <p>Candidates: the full range, each end times 2^(-i/8) down to 2^-24, then three rounds that
 * divide the neighbourhood of the best by eight. A symmetric target moves both ends together; an
 * asymmetric one does so too, for each zero point where there are at most 16 integers, then moves
 * one end at a time until neither moves. Ties go to the larger range. Min-max is a candidate, so
 * the expected error is never above its. {@link MseGrid} tries every pair of ends instead.
 *
 * <p>Cost: a few hundred candidates, each the number of integers, or of bins where these are fewer,
 * times the logarithm of the bins. A type of more than 16 bits gets the full range without a
 * search, which would gain nothing.
 */
public record Mse() implements RangeSelector {

  private static final int PER_OCTAVE = 8;
  private static final int OCTAVES = 24;
  private static final int REFINEMENTS = 3;
  private static final int ROUNDS = 8;
  private static final int FEW_LEVELS = 16;
  static final long MOST_LEVELS = 1 << 16;

  /** The fractions of the first candidates, from 1 down. */
  private static final double[] FRACTIONS = new double[OCTAVES * PER_OCTAVE + 1];

  private static final double WIDTH = StrictMath.pow(2, 1.0 / PER_OCTAVE) - 1;

  static {
    for (int i = 0; i < FRACTIONS.length; i++) {
      FRACTIONS[i] = StrictMath.pow(2, -i / (double) PER_OCTAVE);
    }
  }

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
    private final RangeNoise noise;
    private final Limits limits;

    Search(Distribution distribution, Range full, ScaleRule rule) {
      this.full = full;
      this.noise = new RangeNoise(distribution, rule);
      this.limits = rule.limits();
    }

    Range symmetric() {
      double magnitude = full.magnitude();
      return best(f -> MinMax.inside(full, -magnitude * f, magnitude * f));
    }

    Range asymmetric() {
      Range range = best(f -> MinMax.inside(full, full.low() * f, full.high() * f));
      if (limits.levels() <= FEW_LEVELS) {
        range = anyZeroPoint(range);
      }
      for (int round = 0; round < ROUNDS && full.low() < 0 && full.high() > 0; round++) {
        Range before = range;
        float low = range.low();
        range = best(f -> MinMax.inside(full, low, full.high() * f), range);
        float high = range.high();
        range = best(f -> MinMax.inside(full, full.low() * f, high), range);
        if (range.equals(before)) {
          break;
        }
      }
      return range;
    }

    private Range anyZeroPoint(Range incumbent) {
      Range range = incumbent;
      double step = ((double) full.high() - full.low()) / (limits.levels() - 1);
      for (int zero = limits.qmin(); zero <= limits.qmax(); zero++) {
        double low = (limits.qmin() - zero) * step;
        double high = (limits.qmax() - zero) * step;
        range = best(f -> MinMax.inside(full, low * f, high * f), range);
      }
      return range;
    }

    private Range best(Family family, Range incumbent) {
      Range found = best(family);
      return noise.of(found) < noise.of(incumbent) ? found : incumbent;
    }

    private Range best(Family family) {
      double best = 1;
      Range last = family.at(1);
      double least = noise.of(last);
      for (int i = 1; i < FRACTIONS.length; i++) {
        double fraction = FRACTIONS[i];
        Range range = family.at(fraction);
        if (range.equals(last)) {
          // A family may reach beyond the full range.
          continue;
        }
        last = range;
        if (noise.clipping(range) > least) {
          break;
        }
        double value = noise.of(range);
        if (value < least) {
          least = value;
          best = fraction;
        }
      }
      double width = WIDTH;
      for (int round = 0; round < REFINEMENTS; round++) {
        double middle = best;
        double before = middle;
        for (int i = PER_OCTAVE; i >= -PER_OCTAVE; i--) {
          double fraction = Math.min(1, middle * (1 + width * i / PER_OCTAVE));
          if (fraction == before || i == 0) {
            // Known: the middle, or the whole range once more.
            continue;
          }
          before = fraction;
          double value = noise.of(family.at(fraction));
          if (value < least || (value == least && fraction > best)) {
            least = value;
            best = fraction;
          }
        }
        width /= PER_OCTAVE;
      }
      return family.at(best);
    }
  }
}
