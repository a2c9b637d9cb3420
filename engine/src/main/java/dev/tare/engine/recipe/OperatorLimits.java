package dev.tare.engine.recipe;

import java.util.Optional;

/** What the operators of ONNX and ONNX Runtime cannot hold, whatever a recipe says. */
final class OperatorLimits {

  private OperatorLimits() {}

  /**
   * Why an operator stays float, or nothing.
   *
   * @param weight how the recipe wants its weight
   */
  static Optional<String> reason(QuantizableNode node, Mode mode, TensorRule weight) {
    if (node.takesRows()) {
      return rows(weight);
    }
    return mode == Mode.DYNAMIC ? dynamic(node, weight) : Optional.empty();
  }

  private static Optional<String> rows(TensorRule weight) {
    if (weight.type().dtype().bits() != 8 || weight.blockSize().isPresent()) {
      return Optional.of("rows of a table need 8 bits and no blocks");
    }
    boolean centred = weight.symmetric() && weight.type().signed();
    return weight.perChannel() && !centred
        ? Optional.of("rows of a table with scales of their own need zero point 0")
        : Optional.empty();
  }

  private static Optional<String> dynamic(QuantizableNode node, TensorRule weight) {
    if (node.opType().equals("ConvTranspose")) {
      return Optional.of("ONNX has no integer ConvTranspose, which mode dynamic needs");
    }
    if (weight.type().dtype().bits() != 8 || weight.blockSize().isPresent()) {
      return Optional.of("integer products need weights of 8 bits and no blocks");
    }
    if (node.opType().equals("Conv") && weight.perChannel() && !weight.symmetric()) {
      return Optional.of("ConvInteger takes a single zero point, symmetric weights have one");
    }
    boolean left = node.opType().equals("MatMul") && node.weightIndex() == 0;
    return left && weight.type().signed()
        ? Optional.of(
            "ONNX Runtime multiplies integers by an unsigned left operand only, and the weight"
                + " stands there")
        : Optional.empty();
  }
}
