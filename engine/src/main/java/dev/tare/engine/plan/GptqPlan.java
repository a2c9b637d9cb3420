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
 * @param nearest weights that are rounded to nearest nevertheless, sorted by name
 */
public record GptqPlan(
    String gramSha256, double damping, List<Weight> weights, List<Nearest> nearest) {

  public GptqPlan {
    weights = List.copyOf(weights);
    nearest = List.copyOf(nearest);
  }

  /** Without weights that are rounded to nearest. */
  public GptqPlan(String gramSha256, double damping, List<Weight> weights) {
    this(gramSha256, damping, weights, List.of());
  }

  /** Whether it has only what plans had before convolutions. */
  boolean plain() {
    return nearest.isEmpty()
        && weights.stream().allMatch(w -> w.matrix().isEmpty() && w.bias().isEmpty());
  }

  /**
   * A weight that has no Gram matrix.
   *
   * @param reason for people
   */
  public record Nearest(String weight, String reason) {}

  /**
   * A weight.
   *
   * @param weight its name
   * @param input the tensor that all its products read; if a plan smooths another tensor to it, the
   *     matrix is that tensor's, and the factors are applied to it
   * @param inputAxis axis of the weight over which products are summed; of a convolution's weight
   *     the axes behind it are summed over too
   * @param matrix of a convolution's weight the name of its input's Gram matrix; else empty, and it
   *     has the tensor's name
   * @param bias the quantized bias that takes up what these roundings add to the mean of results,
   *     which they need not keep then; empty for none
   */
  public record Weight(String weight, String input, int inputAxis, String matrix, String bias) {

    /** The weight of a MatMul or Gemm. */
    public Weight(String weight, String input, int inputAxis) {
      this(weight, input, inputAxis, "", "");
    }
  }
}
