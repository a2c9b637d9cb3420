package dev.tare.jobs.run;

import dev.tare.jobs.artifact.Settings;
import dev.tare.jobs.input.DataOptions;
import dev.tare.jobs.model.RecipeOptions;
import java.util.Optional;
import java.util.SortedMap;

/**
 * Options of {@code tare sensitivity}.
 *
 * @param statistics run folder with statistics; empty for recipes that need none
 * @param model float model, path or URI
 * @param recipe whose groups are measured, and for what target
 * @param data on which they are
 */
public record SensitivityOptions(
    Optional<String> statistics, String model, RecipeOptions recipe, DataOptions data) {

  SortedMap<String, String> configuration() {
    return new Settings()
        .put("statistics", statistics)
        .put("model", model)
        .put("recipe", recipe.recipe())
        .put("target", recipe.target())
        .put("strict", recipe.strict())
        .put("placement", recipe.placement())
        .putAll(data.configuration())
        .values();
  }
}
