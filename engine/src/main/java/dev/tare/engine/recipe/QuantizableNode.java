package dev.tare.engine.recipe;

import dev.tare.engine.tensor.Shape;
import java.util.Optional;

/**
 * An operator with a constant weight, as the graph shows it.
 *
 * @param node name of the node, unique in the model
 * @param opType operator type, such as MatMul
 * @param input the activation tensor that it reads; empty for a Gather, whose table is all
 * @param inputIndex position of the activation among the node's inputs
 * @param weight the constant tensor
 * @param weightIndex position of the weight among the node's inputs
 * @param weightShape shape of the weight as stored
 * @param weightAxis axis of the weight's output channels: the last of MatMul's right operand, 0 of
 *     Conv, 1 of Gemm or 0 where it transposes
 * @param bias the constant bias, where the node has one
 */
public record QuantizableNode(
    String node,
    String opType,
    String input,
    int inputIndex,
    String weight,
    int weightIndex,
    Shape weightShape,
    int weightAxis,
    Optional<String> bias) {

  /** Whether it takes rows of its weight instead of multiplying by it. */
  public boolean takesRows() {
    return opType.equals("Gather");
  }

  /** The axis of the weight that products are summed over; of a table, the one inside a row. */
  public int blockAxis() {
    return switch (opType) {
      case "MatMul" -> weightAxis == weightShape.rank() - 1 ? weightAxis - 1 : weightAxis + 1;
      case "ConvTranspose" -> 0;
      case "Gemm" -> 1 - weightAxis;
      default -> 1;
    };
  }
}
