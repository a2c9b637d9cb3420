package dev.tare.engine.range;

import dev.tare.engine.histogram.Distribution;
import dev.tare.engine.quant.ScaleRule;

/**
 * The range with the least expected squared error among all fractions {@code k / steps} of the
 * extremes.
 *
 * <p>Every candidate is tried, so the search cannot end in a local minimum: for a symmetric target
 * the {@code steps} fractions of the magnitude, for an asymmetric one each fraction of the lower
 * end with each of the upper, 0 included. The errors are those of {@link Mse}, integrated in closed
 * form; its search is much finer and much faster, above all for long tails, where the best fraction
 * is near 0. Peers search such a grid too (vllm-project/llm-compressor, observers/mse.py: 100 steps
 * down to 0.2, both ends together). Ties go to the larger range; min-max is a candidate.
 *
 * <p>Cost: {@code steps} candidates, or their square, as {@link Mse}'s. A type of more than 16 bits
 * gets the full range.
 *
 * @param steps fractions of an end, in [1, 1000]
 */
public record MseGrid(int steps) implements RangeSelector {

  static final String PREFIX = "mse-grid";
  static final int DEFAULT = 100;

  private static final int MOST = 1000;

  /**
   * @throws IllegalArgumentException if there are no steps or more than 1000
   */
  public MseGrid {
    if (steps < 1 || steps > MOST) {
      throw new IllegalArgumentException(
          "Invalid steps of a grid " + steps + ": must be in [1, " + MOST + "]");
    }
  }

  @Override
  public Range select(Distribution distribution, Target target) {
    Range full = MinMax.full(distribution);
    ScaleRule rule = target.rule();
    if (MinMax.settles(full) || rule.limits().levels() > Mse.MOST_LEVELS) {
      return full;
    }
    MinMax.requireHistogram(distribution, name());
    RangeNoise noise = new RangeNoise(distribution, rule);
    Range best = full;
    double least = noise.of(full);
    for (int low = steps; low >= 0; low--) {
      for (int high = steps; high >= 0; high--) {
        if (target.symmetric() ? low != high || low == 0 : isRepeated(full, low, high)) {
          continue;
        }
        Range range = at(full, target.symmetric(), low, high);
        if (noise.clipping(range) < least) {
          double value = noise.of(range);
          if (value < least) {
            least = value;
            best = range;
          }
        }
      }
    }
    return best;
  }

  /** If all values are on one side, the other end stays at 0, so one of its fractions is enough. */
  private boolean isRepeated(Range full, int low, int high) {
    return (full.low() == 0 && low != steps)
        || (full.high() == 0 && high != steps)
        || (low == 0 && (high == 0 || full.high() == 0))
        || (high == 0 && full.low() == 0);
  }

  private Range at(Range full, boolean symmetric, int low, int high) {
    double lower = symmetric ? -full.magnitude() : full.low();
    double upper = symmetric ? full.magnitude() : full.high();
    return MinMax.inside(full, lower * low / steps, upper * high / steps);
  }

  @Override
  public String name() {
    return PREFIX + "-" + steps;
  }
}
