package dev.tare.jobs.checkpoint;

import dev.tare.jobs.artifact.Settings;
import java.util.List;
import java.util.SortedMap;

/**
 * Options of {@code tare quantize} for a checkpoint.
 *
 * @param model folder with the safetensors files and {@code config.json}, path or URI
 * @param recipe name of a recipe for checkpoints, or path or URI of one
 * @param importance files of llama.cpp with sums of squares of layers' inputs, paths or URIs
 */
public record CheckpointOptions(String model, String recipe, List<String> importance) {

  public CheckpointOptions {
    importance = List.copyOf(importance);
  }

  /** Options without importance. */
  public CheckpointOptions(String model, String recipe) {
    this(model, recipe, List.of());
  }

  SortedMap<String, String> configuration() {
    Settings settings = new Settings().put("model", model).put("recipe", recipe);
    if (!importance.isEmpty()) {
      settings.put("importance", String.join(",", importance));
    }
    return settings.values();
  }
}
