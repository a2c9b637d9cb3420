package dev.tare.jobs.evaluate;

import dev.tare.jobs.artifact.Settings;
import dev.tare.jobs.input.DataOptions;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.SortedMap;

/**
 * Options of {@code tare evaluate}.
 *
 * @param model float model, path or URI
 * @param quantized run folder with a quantized model; empty where the same run makes it
 * @param data held-out data
 * @param gate required quality
 * @param classes outputs whose largest value is the answer: names, {@code all}, {@code none} or
 *     {@code auto}; auto if empty
 * @param latency whether to measure the time of both models; a limit of the gate asks for it too
 * @param target whether the target runs the quantized model too
 * @param sensitivity samples on which to measure what each operator costs; not measured if empty
 * @param labels by which both models are measured
 */
public record EvaluateOptions(
    String model,
    Optional<String> quantized,
    DataOptions data,
    Gate gate,
    Optional<String> classes,
    boolean latency,
    TargetOptions target,
    OptionalInt sensitivity,
    LabelOptions labels) {

  /** What {@code classes} says, or its default. */
  public String classesOrAuto() {
    return classes.orElse("auto");
  }

  boolean measuresLatency() {
    return latency || gate.maxLatencyRatio().isPresent();
  }

  SortedMap<String, String> configuration() {
    return new Settings()
        .put("model", model)
        .put("quantized", quantized)
        .putAll(data.configuration())
        .putAll(gate.configuration())
        .put("classes", classes)
        .put("latency", Optional.of(latency).filter(asked -> asked))
        .putAll(target.configuration())
        .put("sensitivity", sensitivity)
        .putAll(labels.configuration())
        .values();
  }
}
