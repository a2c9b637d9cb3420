package dev.tare.jobs.calibrate;

import dev.tare.jobs.artifact.Settings;
import dev.tare.jobs.input.DataOptions;
import java.util.SortedMap;

/**
 * Options of {@code tare calibrate}.
 *
 * @param model float model, path or URI
 * @param data calibration data
 * @param observe what to collect
 */
public record CalibrateOptions(String model, DataOptions data, ObserveOptions observe) {

  SortedMap<String, String> configuration() {
    return new Settings()
        .put("model", model)
        .putAll(data.configuration())
        .putAll(observe.configuration())
        .values();
  }
}
