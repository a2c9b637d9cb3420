package dev.tare.engine.plan;

import java.util.List;
import java.util.Optional;

/**
 * What quantization would add to the mean of a product's results, subtracted through its bias.
 *
 * <p>What is quantized is {@code result}, which the node {@code reader} adds instead of {@code
 * bias}; so the change can be seen in a plan, and undone by reading the bias again.
 *
 * @param node the product
 * @param reader the node that adds the bias: the product itself, or an Add behind it
 * @param bias the constant that it adds; empty if it adds none
 * @param result name of the corrected bias; empty if nothing is corrected
 * @param overNoise sum of squares of the correction, as a multiple of what it would be by chance
 * @param correction one number for each output channel, which is added to the bias; none if nothing
 *     is corrected
 * @param reason why nothing is corrected
 */
public record CorrectedBias(
    String node,
    String reader,
    String bias,
    String result,
    double overNoise,
    List<Float> correction,
    Optional<String> reason) {

  /**
   * @throws IllegalArgumentException if there is a reason beside a correction, or neither, or a
   *     number is not finite
   */
  public CorrectedBias {
    correction = List.copyOf(correction);
    if (node.isEmpty()
        || reader.isEmpty()
        || reason.isPresent() != correction.isEmpty()
        || reason.isPresent() != result.isEmpty()
        || !Double.isFinite(overNoise)
        || !correction.stream().allMatch(Float::isFinite)) {
      throw new IllegalArgumentException(
          "Invalid plan: the bias of node '%s' is corrected to '%s' by %d numbers, and the reason against it is %s"
              .formatted(node, result, correction.size(), reason));
    }
  }

  /** Whether the bias changes. */
  public boolean corrects() {
    return reason.isEmpty();
  }
}
