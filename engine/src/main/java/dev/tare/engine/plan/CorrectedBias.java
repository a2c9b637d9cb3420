package dev.tare.engine.plan;

import java.util.List;
import java.util.Optional;

/**
 * What quantization would add to the mean of a product's results, subtracted through its bias; and
 * where results were compensated, the factors of their channels, by which weight and bias are
 * multiplied before.
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
 * @param gains one factor for each output channel, of the weight and of the bias before the
 *     correction; none if all are 1
 * @param reason why nothing is corrected
 */
public record CorrectedBias(
    String node,
    String reader,
    String bias,
    String result,
    double overNoise,
    List<Float> correction,
    List<Float> gains,
    Optional<String> reason) {

  /** A bias of a product whose weight stays as it is. */
  public CorrectedBias(
      String node,
      String reader,
      String bias,
      String result,
      double overNoise,
      List<Float> correction,
      Optional<String> reason) {
    this(node, reader, bias, result, overNoise, correction, List.of(), reason);
  }

  /**
   * @throws IllegalArgumentException if there is a reason beside a correction, or neither, a number
   *     is not finite, or a factor is not positive
   */
  public CorrectedBias {
    correction = List.copyOf(correction);
    gains = List.copyOf(gains);
    if (node.isEmpty()
        || reader.isEmpty()
        || reason.isPresent() != correction.isEmpty()
        || reason.isPresent() != result.isEmpty()
        || !Double.isFinite(overNoise)
        || !correction.stream().allMatch(Float::isFinite)
        || !(gains.isEmpty() || gains.size() == correction.size())
        || !gains.stream().allMatch(gain -> gain > 0 && Float.isFinite(gain))) {
      throw new IllegalArgumentException(
          "Invalid plan: the bias of node '%s' is corrected to '%s' by %d numbers%s, and the reason against it is %s"
              .formatted(
                  node,
                  result,
                  correction.size(),
                  gains.isEmpty() ? "" : " and " + gains.size() + " positive factors",
                  reason));
    }
  }

  /** The factor of an output channel. */
  public float gain(int channel) {
    return gains.isEmpty() ? 1 : gains.get(channel);
  }

  /** Whether the bias changes. */
  public boolean corrects() {
    return reason.isEmpty();
  }
}
