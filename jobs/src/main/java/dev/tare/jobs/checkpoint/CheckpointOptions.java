package dev.tare.jobs.checkpoint;

import dev.tare.jobs.artifact.Settings;
import java.util.SortedMap;

/**
 * Options of {@code tare quantize} for a checkpoint.
 *
 * @param model folder with the safetensors files and {@code config.json}, path or URI
 * @param recipe name of a recipe for checkpoints, or path or URI of one
 */
public record CheckpointOptions(String model, String recipe) {

  SortedMap<String, String> configuration() {
    return new Settings().put("model", model).put("recipe", recipe).values();
  }
}
