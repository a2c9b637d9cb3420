package dev.tare.engine.recipe;

import java.util.OptionalDouble;

/**
 * How the spread of an input's channels is shared with the weights that multiply it.
 *
 * @param alpha how much of it the weights take, in [0, 1]: with 1 every channel of the input gets
 *     the same magnitude, with 0 every row of the weights; empty if each input gets the one with
 *     the least error expected from its statistics
 * @param shift whether the middle of each channel's range is moved to 0 beforehand
 * @param fold whether this goes into constants of what computes the input, where it can, instead of
 *     a Mul and an Add
 */
public record SmoothingRule(OptionalDouble alpha, boolean shift, boolean fold) {

  /** In place of a number, for an alpha of its own for each input. */
  public static final String BY_STATISTICS = "by-statistics";

  /**
   * @throws IllegalArgumentException if alpha is not in [0, 1]
   */
  public SmoothingRule {
    if (alpha.isPresent() && !(alpha.getAsDouble() >= 0 && alpha.getAsDouble() <= 1)) {
      throw new IllegalArgumentException(
          "expected a number from 0 to 1, found " + alpha.getAsDouble());
    }
  }

  /**
   * Whether it depends on how the values of each channel are distributed, not on extremes alone.
   */
  public boolean usesHistograms() {
    return alpha.isEmpty() || shift;
  }

  /** One alpha for all inputs. */
  public SmoothingRule(double alpha) {
    this(OptionalDouble.of(alpha), false);
  }

  /** Without more nodes than it needs. */
  public SmoothingRule(OptionalDouble alpha, boolean shift) {
    this(alpha, shift, true);
  }
}
