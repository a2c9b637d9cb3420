package dev.tare.engine.recipe;

import java.util.List;
import java.util.Optional;

/**
 * What the user wants: which operators are quantized, and how their inputs and weights are.
 *
 * <p>By default outputs of operators, attention scores and masks stay float: quantizing them costs
 * a transformer most of its accuracy and gains little time.
 *
 * @param name as the user called it: a shipped name or a file
 * @param description one sentence for people
 * @param mode when numbers become integers, unless a rule says otherwise
 * @param format how weights are held in mode {@link Mode#WEIGHT_ONLY}: QDQ or MATMUL_NBITS
 * @param operators operator types to quantize where they have a constant weight
 * @param activations rule for the inputs; present where anything is quantized statically
 * @param weights rule for the constants
 * @param floatAbove a tensor that reaches further from 0 stays float: attention masks hold -3.4e38
 * @param rules exceptions, the last that matches decides
 */
public record Recipe(
    String name,
    String description,
    Mode mode,
    Format format,
    List<String> operators,
    Optional<TensorRule> activations,
    TensorRule weights,
    double floatAbove,
    List<RecipeRule> rules) {

  /** How the plan calls the recipe's own settings, where no rule matches. */
  public static final String BASE = "recipe";

  public Recipe {
    operators = List.copyOf(operators);
    rules = List.copyOf(rules);
  }

  /**
   * How a tensor is quantized, and who says so.
   *
   * @param rule the settings
   * @param decidedBy {@link #BASE} or the name of a rule
   */
  public record Decision(TensorRule rule, String decidedBy) {}

  /**
   * The settings for a tensor.
   *
   * @throws IllegalStateException if it is an activation and the recipe has no rule for any
   */
  public Decision decide(TensorQuery tensor) {
    for (int i = rules.size() - 1; i >= 0; i--) {
      RecipeRule rule = rules.get(i);
      if (rule.matches(tensor)) {
        return new Decision(rule.settings().orElseThrow(), rule.name());
      }
    }
    TensorRule base =
        tensor.role() == Role.ACTIVATION
            ? activations.orElseThrow(
                () -> new IllegalStateException("Recipe '" + name + "' has no activations"))
            : weights;
    return new Decision(base, BASE);
  }

  /** When the numbers of an operator become integers. */
  public Mode mode(QuantizableNode node) {
    for (int i = rules.size() - 1; i >= 0; i--) {
      if (rules.get(i).mode().isPresent() && rules.get(i).matches(node)) {
        return rules.get(i).mode().get();
      }
    }
    return mode;
  }

  /** Why an operator stays float, or nothing where it is quantized. */
  Optional<String> reasonToLeave(QuantizableNode node) {
    for (int i = rules.size() - 1; i >= 0; i--) {
      RecipeRule rule = rules.get(i);
      if (rule.quantize().isPresent() && rule.matches(node)) {
        String pattern = rule.pattern().map(p -> " '" + p.glob() + "'").orElse("");
        return rule.quantize().get()
            ? Optional.empty()
            : Optional.of("the recipe excludes%s (%s)".formatted(pattern, rule.name()));
      }
    }
    return operators.contains(node.opType())
        ? Optional.empty()
        : Optional.of("the recipe does not quantize " + node.opType());
  }

  /** Whether any rule or the recipe itself quantizes activations by calibrated ranges. */
  public boolean usesStatistics() {
    return mode == Mode.STATIC
        || rules.stream().anyMatch(r -> r.mode().filter(m -> m == Mode.STATIC).isPresent());
  }
}
