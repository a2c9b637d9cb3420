package dev.tare.engine.tflite.view;

import dev.tare.engine.graph.WeightUse;
import java.util.Map;
import java.util.Optional;

/**
 * An operator that multiplies an activation by a constant weight: where its operands are, and which
 * axis of the weight has the output channels.
 *
 * @param input position of the activation among the inputs
 * @param weight position of the weight
 * @param bias position of the bias, which may be left out
 * @param rank of the weight
 * @param axis of the weight's output channels: the first for {@code [O, H, W, I]} and {@code [O,
 *     I]}, the last for depthwise {@code [1, H, W, O]}
 * @param blockAxis axis over which products are summed; -1 for depthwise
 * @see <a href="https://ai.google.dev/edge/litert/models/quantization_spec">quantization_spec</a>
 */
public record Product(int input, int weight, int bias, int rank, int axis, int blockAxis) {

  private static final Map<String, Product> BY_TYPE =
      Map.of(
          "CONV_2D", new Product(0, 1, 2, 4, 0, 3),
          "DEPTHWISE_CONV_2D", new Product(0, 1, 2, 4, 3, -1),
          "FULLY_CONNECTED", new Product(0, 1, 2, 2, 0, 1),
          "TRANSPOSE_CONV", new Product(2, 1, 3, 4, 0, 3));

  /** The operands of an operator; empty if it is no product. */
  public static Optional<Product> of(String type) {
    return Optional.ofNullable(BY_TYPE.get(type));
  }

  WeightUse use() {
    return new WeightUse(false, true, blockAxis < 0, blockAxis, false);
  }
}
