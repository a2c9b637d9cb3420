package dev.tare.engine.checkpoint;

import dev.tare.engine.recipe.NamePattern;
import dev.tare.engine.safetensors.TensorSpec;
import java.util.List;

/**
 * What of a checkpoint is quantized, and how.
 *
 * @param name what the user called it
 * @param description one sentence for people
 * @param scheme how weights are quantized
 * @param exclude modules that stay as they are, by their path: {@code model.layers.0.mlp.gate}
 */
public record CheckpointRecipe(
    String name, String description, WeightScheme scheme, List<NamePattern> exclude) {

  private static final String WEIGHT = ".weight";

  public CheckpointRecipe {
    exclude = List.copyOf(exclude);
  }

  /** Whether a tensor can be the weight of a linear layer: a matrix of floats of that name. */
  static boolean isLinear(TensorSpec tensor) {
    return tensor.name().endsWith(WEIGHT)
        && tensor.shape().rank() == 2
        && tensor.type().quantizable();
  }

  /** The path of the module of a weight. */
  static String module(TensorSpec weight) {
    return weight.name().substring(0, weight.name().length() - WEIGHT.length());
  }

  boolean excludes(String module) {
    return exclude.stream().anyMatch(pattern -> pattern.matches(module));
  }
}
