package dev.tare.jobs.quantize;

import dev.tare.jobs.artifact.Settings;
import java.util.Optional;
import java.util.SortedMap;

/**
 * Options of {@code tare quantize}.
 *
 * @param plan run folder with a plan; empty where the same run makes it
 * @param model float model, path or URI
 * @param target what the plan must be for; empty for whatever it is for
 */
public record QuantizeOptions(Optional<String> plan, String model, Optional<String> target) {

  SortedMap<String, String> configuration() {
    return new Settings().put("plan", plan).put("model", model).put("target", target).values();
  }
}
