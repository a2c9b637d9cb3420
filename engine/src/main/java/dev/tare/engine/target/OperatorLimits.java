package dev.tare.engine.target;

import dev.tare.engine.graph.QuantizableNode;
import dev.tare.engine.recipe.Mode;
import dev.tare.engine.recipe.TensorRule;
import java.util.Optional;
import java.util.OptionalInt;

/** What the operators of ONNX and ONNX Runtime do not support, whatever a recipe says. */
final class OperatorLimits {

  private OperatorLimits() {}

  /**
   * Returns why an operator stays float; empty if it does not.
   *
   * @param weight how the recipe quantizes its weight
   */
  static Optional<String> reason(QuantizableNode node, Mode mode, TensorRule weight) {
    if (node.takesRows()) {
      return rows(weight);
    }
    return mode == Mode.DYNAMIC ? dynamic(node, weight) : Optional.empty();
  }

  /**
   * Whether the channels of a weight may have their own scales. ONNX Runtime's integer MatMul
   * accepts one for each column of a matrix; for a stack of matrices it requires the shape [.., 1,
   * N], which DequantizeLinear does not allow. The shape for a left operand depends on the rank of
   * the right one, which only the runtime knows.
   */
  static boolean channelScales(QuantizableNode node, Mode mode) {
    return node.channelScales()
        && !(mode == Mode.STATIC && isStack(node))
        && !(mode == Mode.DYNAMIC && isLeft(node));
  }

  private static boolean isStack(QuantizableNode node) {
    return node.opType().equals("MatMul")
        && node.weightIndex() == 1
        && node.weightShape().rank() > 2;
  }

  private static boolean isLeft(QuantizableNode node) {
    return node.opType().equals("MatMul") && node.weightIndex() == 0;
  }

  /**
   * Returns why a static operator stays float; empty if it does not.
   *
   * @param inputBits bits of its input
   */
  static Optional<String> ofStatic(QuantizableNode node, TensorRule weight, int inputBits) {
    if (!node.opType().equals("MatMul") || inputBits != 8) {
      return Optional.empty();
    }
    if (weight.blockSize().isPresent()) {
      return Optional.of("integer products take no weights in blocks");
    }
    boolean centred = weight.symmetric() && weight.type().signed();
    return isLeft(node) && weight.perChannel() && !centred
        ? Optional.of("a left operand with a scale for each row needs zero point 0")
        : Optional.empty();
  }

  /**
   * Returns why an operator cannot read a weight as it was quantized for another one; empty if it
   * can.
   */
  static Optional<String> against(QuantizableNode node, Mode mode, DecidedWeight weight) {
    if (node.takesRows()) {
      return againstRows(weight);
    }
    if (mode == Mode.WEIGHT_ONLY
        || weight.granularity().blockSize().isPresent()
        || weight.granularity().axis().isEmpty()) {
      return Optional.empty();
    }
    if (!channelScales(node, mode)) {
      return Optional.of(
          "the weight '%s' has a scale for each channel elsewhere, and this operator takes one"
              .formatted(weight.tensor()));
    }
    return weight.granularity().axis().getAsInt() == node.weightAxis()
        ? Optional.empty()
        : Optional.of(
            "the weight '%s' has its channels along another axis elsewhere"
                .formatted(weight.tensor()));
  }

  private static Optional<String> againstRows(DecidedWeight table) {
    OptionalInt axis = table.granularity().axis();
    if (!table.type().isInteger()) {
      return Optional.of("the table '%s' has no integers elsewhere".formatted(table.tensor()));
    }
    if (table.granularity().blockSize().isPresent() || table.type().dtype().bits() != 8) {
      return Optional.of(
          "the table '%s' has blocks or other than 8 bits elsewhere".formatted(table.tensor()));
    }
    if (axis.isPresent() && axis.getAsInt() != 0) {
      return Optional.of(
          "the table '%s' has its scales along another axis elsewhere, not by rows"
              .formatted(table.tensor()));
    }
    return axis.isPresent() && !table.centred()
        ? Optional.of("rows of a table with scales of their own need zero point 0")
        : Optional.empty();
  }

  private static Optional<String> rows(TensorRule weight) {
    if (!weight.type().isInteger()) {
      return Optional.of("rows of a table need integers: Gather takes no other numbers of 8 bits");
    }
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
    boolean bytes = weight.type().isInteger() && weight.type().dtype().bits() == 8;
    if (!bytes || weight.blockSize().isPresent()) {
      return Optional.of("integer products need weights of 8 bits and no blocks");
    }
    if (node.opType().equals("Conv") && weight.perChannel() && !weight.symmetric()) {
      return Optional.of("ConvInteger takes a single zero point, symmetric weights have one");
    }
    if (isStack(node) && weight.perChannel() && !weight.symmetric()) {
      return Optional.of(
          "MatMulInteger takes a zero point for each column of a matrix alone, symmetric weights"
              + " have one");
    }
    return isLeft(node) && weight.type().signed()
        ? Optional.of(
            "ONNX Runtime multiplies integers by an unsigned left operand only, and the weight"
                + " stands there")
        : Optional.empty();
  }
}
