package dev.tare.engine.target;

import dev.tare.engine.quant.QuantType;
import dev.tare.engine.recipe.TensorRule;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * Operands that an operator's integer kernel multiplies.
 *
 * @param operators types of operators
 * @param inputs what it takes as activations, any one of them
 * @param weights what it takes as weights, any one of them
 */
public record OperandTypes(Set<String> operators, List<Operand> inputs, List<Operand> weights) {

  public OperandTypes {
    operators = Set.copyOf(new TreeSet<>(operators));
    inputs = List.copyOf(inputs);
    weights = List.copyOf(weights);
  }

  /**
   * One kind of operand.
   *
   * @param type integer type
   * @param symmetric whether its zero point must be in the middle of the type
   */
  public record Operand(QuantType type, boolean symmetric) {

    boolean takes(TensorRule rule) {
      return rule.type() == type && (rule.symmetric() || !symmetric);
    }

    @Override
    public String toString() {
      return words(type, symmetric ? "symmetric" : "");
    }
  }

  boolean takesInput(TensorRule rule) {
    return inputs.stream().anyMatch(operand -> operand.takes(rule));
  }

  boolean takesWeight(TensorRule rule) {
    return weights.stream().anyMatch(operand -> operand.takes(rule));
  }

  /** How a message names what a recipe wants. */
  static String words(TensorRule rule) {
    return words(rule.type(), rule.symmetric() ? "symmetric" : "asymmetric");
  }

  static String words(List<Operand> operands) {
    return operands.stream().map(Operand::toString).collect(Collectors.joining(" or "));
  }

  private static String words(QuantType type, String symmetry) {
    return (symmetry + " " + type.name().toLowerCase(Locale.ROOT)).strip();
  }
}
