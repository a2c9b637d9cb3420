package dev.tare.engine.recipe;

import java.util.List;

/**
 * What the user wants: which operators are quantized, and how their inputs and weights are.
 *
 * <p>Outputs of operators, attention scores and masks stay float: quantizing them costs a
 * transformer most of its accuracy and gains little time.
 *
 * @param name as the user called it: a shipped name or a file
 * @param description one sentence for people
 * @param operators operator types to quantize where they have a constant weight
 * @param activations rule for the inputs
 * @param weights rule for the constants
 * @param floatAbove a tensor that reaches further from 0 stays float: attention masks hold -3.4e38
 * @param exclude globs over tensor and node names that stay float
 */
public record Recipe(
    String name,
    String description,
    List<String> operators,
    TensorRule activations,
    TensorRule weights,
    double floatAbove,
    List<NamePattern> exclude) {

  public Recipe {
    operators = List.copyOf(operators);
    exclude = List.copyOf(exclude);
  }
}
