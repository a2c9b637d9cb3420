package dev.tare.engine.plan;

import java.util.List;

/**
 * An input of products whose channels are multiplied by factors, while the rows of the weights that
 * multiply it are divided by them: in exact arithmetic the products stay the same.
 *
 * <p>What is quantized is {@code result}, which the products read instead of {@code tensor}; so the
 * change can be seen in a plan, and undone by multiplying the weights' rows by the factors.
 *
 * @param tensor the input, in the prepared model
 * @param result name of the input times the factors
 * @param consumers names of the products that read the result, in graph order; others still read
 *     the tensor
 * @param alpha how much of the spread the weights took
 * @param factors one for each channel, the input's last axis; positive and finite
 */
public record SmoothedInput(
    String tensor, String result, List<String> consumers, double alpha, List<Float> factors) {

  /**
   * @throws IllegalArgumentException if nothing reads it, or a factor is not positive and finite
   */
  public SmoothedInput {
    consumers = List.copyOf(consumers);
    factors = List.copyOf(factors);
    if (tensor.isEmpty() || result.isEmpty() || tensor.equals(result) || consumers.isEmpty()) {
      throw new IllegalArgumentException(
          "Invalid plan: tensor '%s' is smoothed to '%s' for %s"
              .formatted(tensor, result, consumers));
    }
    for (float factor : factors) {
      if (!(factor > 0) || Float.isInfinite(factor)) {
        throw new IllegalArgumentException(
            "Invalid plan: tensor '%s' is smoothed by a factor of %s".formatted(tensor, factor));
      }
    }
  }
}
