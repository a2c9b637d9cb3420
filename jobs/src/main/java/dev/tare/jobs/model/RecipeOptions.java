package dev.tare.jobs.model;

import dev.tare.engine.target.Targets;
import java.util.Optional;

/**
 * What is quantized how, and for what.
 *
 * @param recipe name of a recipe that comes with Tare, or path or URI of one
 * @param target name of the runtime that the quantized model is for
 * @param strict whether it is an error that the target cannot do what the recipe wants
 */
public record RecipeOptions(String recipe, String target, boolean strict) {

  /** The recipe that the user names, or else the target's own. */
  public static RecipeOptions of(Optional<String> recipe, String target, boolean strict) {
    return new RecipeOptions(
        recipe.orElseGet(() -> Targets.of(target).data().recipe()), target, strict);
  }

  /** A recipe for the default target, whose limits leave operators in float. */
  public static RecipeOptions of(String recipe) {
    return new RecipeOptions(recipe, RecipeText.DEFAULT_TARGET, false);
  }
}
