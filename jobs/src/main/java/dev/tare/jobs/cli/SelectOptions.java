package dev.tare.jobs.cli;

import java.util.Optional;
import java.util.SortedMap;

/**
 * Options of {@code tare select}.
 *
 * @param statistics run folder with statistics; empty for recipes that need none
 * @param model float model, path or URI
 * @param recipe name of a recipe that comes with Tare, or path or URI of one
 * @param output where the run goes
 */
public record SelectOptions(
    Optional<String> statistics, String model, String recipe, OutputOptions output)
    implements StageOptions {

  @Override
  public SortedMap<String, String> configuration() {
    return new Settings()
        .put("statistics", statistics)
        .put("model", model)
        .put("recipe", recipe)
        .values();
  }
}
