package dev.tare.jobs.cli;

import java.util.Optional;
import java.util.OptionalInt;
import java.util.SortedMap;

/**
 * Options of {@code tare evaluate}.
 *
 * @param model float model, path or URI
 * @param quantized run folder with a quantized model
 * @param data held-out data
 * @param gate required quality
 * @param classes outputs whose largest value is the answer: names, {@code all}, {@code none} or
 *     {@code auto}; auto if empty
 * @param sensitivity samples on which to measure what each operator costs; not measured if empty
 * @param output where the run goes
 */
public record EvaluateOptions(
    String model,
    String quantized,
    DataOptions data,
    GateOptions gate,
    Optional<String> classes,
    OptionalInt sensitivity,
    OutputOptions output)
    implements StageOptions {

  /** What {@code classes} says, or its default. */
  public String classesOrAuto() {
    return classes.orElse("auto");
  }

  @Override
  public SortedMap<String, String> configuration() {
    return new Settings()
        .put("model", model)
        .put("quantized", quantized)
        .putAll(data.configuration())
        .putAll(gate.configuration())
        .put("classes", classes)
        .put("sensitivity", sensitivity)
        .values();
  }
}
