package dev.tare.jobs.cli;

import java.util.SortedMap;

/**
 * Options of {@code tare calibrate}.
 *
 * @param model float model, path or URI
 * @param data calibration data
 * @param observe what to collect
 * @param output where the run goes
 */
public record CalibrateOptions(
    String model, DataOptions data, ObserveOptions observe, OutputOptions output)
    implements StageOptions {

  @Override
  public SortedMap<String, String> configuration() {
    return new Settings()
        .put("model", model)
        .putAll(data.configuration())
        .putAll(observe.configuration())
        .values();
  }
}
