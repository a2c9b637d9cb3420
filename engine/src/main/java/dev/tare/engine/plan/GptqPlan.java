package dev.tare.engine.plan;

import java.util.List;

/**
 * Weights that are rounded by GPTQ instead of to the nearest integer, and what their integers are
 * computed from. Scales are those of the weights' plans; the integers themselves are computed when
 * the plan is applied, by the Gram matrices of the statistics, and stand in weights and model.
 *
 * @param gramSha256 {@code gram-sha256} of the statistics
 * @param damping added to the diagonal of each matrix, as a part of its mean
 * @param weights sorted by name
 */
public record GptqPlan(String gramSha256, double damping, List<Weight> weights) {

  public GptqPlan {
    weights = List.copyOf(weights);
  }

  /**
   * A weight.
   *
   * @param weight its name
   * @param input the tensor that all its products read; if a plan smooths another tensor to it, the
   *     matrix is that tensor's, and the factors are applied to it
   * @param inputAxis axis of the weight over which products are summed
   */
  public record Weight(String weight, String input, int inputAxis) {}
}
