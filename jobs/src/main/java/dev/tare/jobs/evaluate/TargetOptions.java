package dev.tare.jobs.evaluate;

import dev.tare.jobs.artifact.Settings;
import java.util.Optional;
import java.util.SortedMap;

/**
 * Whether the quantized model is also run by its target.
 *
 * @param target name of the target; empty to leave it out
 * @param required whether it is an error that the runtime is not at hand
 * @param python interpreter for targets that Python runs; empty for the usual one
 */
public record TargetOptions(Optional<String> target, boolean required, Optional<String> python) {

  /** No target runs the model. */
  public static final TargetOptions NONE =
      new TargetOptions(Optional.empty(), false, Optional.empty());

  SortedMap<String, String> configuration() {
    return new Settings().put("target", target).put("python", python).values();
  }
}
