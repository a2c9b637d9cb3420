package dev.tare.engine.recipe;

/**
 * How weights of products are rounded by what goes together in their inputs.
 *
 * @param damping added to the diagonal of the inputs' Gram matrix, as a part of its mean; in (0, 1]
 * @param awq whether channels of the inputs are scaled first, so that the rows of weights that
 *     multiply large ones lose less
 */
public record GptqRule(double damping, boolean awq) {

  /** Without scaling. */
  public GptqRule(double damping) {
    this(damping, false);
  }

  /**
   * @throws IllegalArgumentException if the damping is not in (0, 1]
   */
  public GptqRule {
    if (!(damping > 0 && damping <= 1)) {
      throw new IllegalArgumentException("expected a number above 0, at most 1, found " + damping);
    }
  }
}
