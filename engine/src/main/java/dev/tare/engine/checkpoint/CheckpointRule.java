package dev.tare.engine.checkpoint;

import dev.tare.engine.recipe.NamePattern;
import java.util.Optional;

/**
 * An exception of a recipe for some weights; the last rule that matches decides.
 *
 * @param name its name in messages, such as {@code rule 2}
 * @param tensors which weights: a pattern for the path of their module, or for their own name
 * @param scheme how these are quantized; empty if they stay as they are
 */
public record CheckpointRule(String name, NamePattern tensors, Optional<WeightScheme> scheme) {

  /** Whether it is about the weight of a module. */
  boolean matches(String module) {
    return tensors.matches(module) || tensors.matches(module + CheckpointRecipe.WEIGHT);
  }
}
