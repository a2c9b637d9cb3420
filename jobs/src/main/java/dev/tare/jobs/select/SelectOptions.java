package dev.tare.jobs.select;

import dev.tare.jobs.artifact.Settings;
import java.util.Optional;
import java.util.SortedMap;

/**
 * Options of {@code tare select}.
 *
 * @param statistics run folder with statistics; empty for recipes that need none, and where the
 *     same run makes them
 * @param model float model, path or URI
 * @param recipe name of a recipe that comes with Tare, or path or URI of one
 */
public record SelectOptions(Optional<String> statistics, String model, String recipe) {

  SortedMap<String, String> configuration() {
    return new Settings()
        .put("statistics", statistics)
        .put("model", model)
        .put("recipe", recipe)
        .values();
  }
}
