package dev.tare.engine.recipe;

/**
 * How the spread of an input's channels is shared with the weights that multiply it.
 *
 * @param alpha how much of it the weights take, in [0, 1]: with 1 every channel of the input gets
 *     the same magnitude, with 0 every row of the weights
 */
public record SmoothingRule(double alpha) {

  /**
   * @throws IllegalArgumentException if alpha is not in [0, 1]
   */
  public SmoothingRule {
    if (!(alpha >= 0 && alpha <= 1)) {
      throw new IllegalArgumentException("expected a number from 0 to 1, found " + alpha);
    }
  }
}
