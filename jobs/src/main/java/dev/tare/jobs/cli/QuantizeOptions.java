package dev.tare.jobs.cli;

import java.util.SortedMap;

/**
 * Options of {@code tare quantize}.
 *
 * @param plan run folder with a plan
 * @param model float model, path or URI
 * @param output where the run goes
 */
public record QuantizeOptions(String plan, String model, OutputOptions output)
    implements StageOptions {

  @Override
  public SortedMap<String, String> configuration() {
    return new Settings().put("plan", plan).put("model", model).values();
  }
}
