package dev.tare.jobs.cli;

import java.util.Optional;
import java.util.OptionalInt;
import java.util.SortedMap;

/**
 * Options of {@code tare run}.
 *
 * @param model float model, path or URI
 * @param data calibration data
 * @param observe what to collect
 * @param recipe name of a recipe that comes with Tare, or path or URI of one
 * @param evalData held-out data; if empty, rows of the calibration data are held out
 * @param evalSamples how many rows to evaluate on
 * @param gate required quality
 * @param classes outputs whose largest value is the answer: names, {@code all}, {@code none} or
 *     {@code auto}; auto if empty
 * @param sensitivity samples on which to measure what each operator costs; not measured if empty
 * @param output where the run goes
 */
public record RunOptions(
    String model,
    DataOptions data,
    ObserveOptions observe,
    String recipe,
    Optional<String> evalData,
    int evalSamples,
    GateOptions gate,
    Optional<String> classes,
    OptionalInt sensitivity,
    OutputOptions output) {

  /** What {@code classes} says, or its default. */
  public String classesOrAuto() {
    return classes.orElse("auto");
  }

  /** Effective configuration by option name, without the output. */
  public SortedMap<String, String> configuration() {
    return new Settings()
        .put("model", model)
        .putAll(data.configuration())
        .putAll(observe.configuration())
        .put("recipe", recipe)
        .put("eval-data", evalData)
        .put("eval-samples", evalSamples)
        .putAll(gate.configuration())
        .put("classes", classes)
        .put("sensitivity", sensitivity)
        .values();
  }
}
