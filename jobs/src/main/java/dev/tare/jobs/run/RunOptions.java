package dev.tare.jobs.run;

import dev.tare.engine.recipe.Placement;
import dev.tare.engine.recipe.Recipe;
import dev.tare.jobs.artifact.Settings;
import dev.tare.jobs.calibrate.CalibrateOptions;
import dev.tare.jobs.calibrate.ObserveOptions;
import dev.tare.jobs.evaluate.EvaluateOptions;
import dev.tare.jobs.evaluate.Gate;
import dev.tare.jobs.evaluate.LabelOptions;
import dev.tare.jobs.evaluate.TargetOptions;
import dev.tare.jobs.input.DataOptions;
import dev.tare.jobs.model.RecipeOptions;
import dev.tare.jobs.quantize.QuantizeOptions;
import dev.tare.jobs.select.SelectOptions;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.SortedMap;

/**
 * Options of {@code tare run}.
 *
 * @param model float model, path or URI
 * @param data calibration data
 * @param observe what to collect
 * @param recipe what to quantize by, and for what
 * @param evalData held-out data; if empty, rows of the calibration data are held out
 * @param evalSamples how many rows to evaluate on
 * @param gate required quality
 * @param classes outputs whose largest value is the answer: names, {@code all}, {@code none} or
 *     {@code auto}; auto if empty
 * @param latency whether to measure the time of both models
 * @param python interpreter for targets that Python runs; empty for the usual one
 * @param sensitivity samples on which to measure what each operator costs; not measured if empty
 * @param labels by which both models are measured
 * @param compensate whether results of products are put on the lines nearest to the float model's
 */
public record RunOptions(
    String model,
    DataOptions data,
    ObserveOptions observe,
    RecipeOptions recipe,
    Optional<String> evalData,
    int evalSamples,
    Gate gate,
    Optional<String> classes,
    boolean latency,
    Optional<String> python,
    OptionalInt sensitivity,
    LabelOptions labels,
    boolean compensate) {

  /** Data that is calibrated on and evaluated on is read once, with its labels. */
  public RunOptions {
    if (evalData.isEmpty()) {
      data = data.withLabels(labels.column());
    }
  }

  /** A run without labels and compensation. */
  public RunOptions(
      String model,
      DataOptions data,
      ObserveOptions observe,
      RecipeOptions recipe,
      Optional<String> evalData,
      int evalSamples,
      Gate gate,
      Optional<String> classes,
      boolean latency,
      Optional<String> python,
      OptionalInt sensitivity) {
    this(
        model,
        data,
        observe,
        recipe,
        evalData,
        evalSamples,
        gate,
        classes,
        latency,
        python,
        sensitivity,
        LabelOptions.NONE,
        false);
  }

  /** The default gate of {@code tare run}; {@code tare evaluate} has none by default. */
  public static final double DEFAULT_MIN_COSINE = 0.95;

  /** Returns {@code classes} or its default. */
  public String classesOrAuto() {
    return classes.orElse("auto");
  }

  /**
   * Returns the options of calibration; which tensors are observed depends on the recipe. With a
   * named placement they are those of all, so that its statistics are those from which the fastest
   * was chosen. Bins of channels and Gram matrices are kept where a pass of the recipe needs them.
   */
  public CalibrateOptions calibrate(Recipe wanted) {
    Placement observed =
        recipe.placement().isPresent() ? Placement.ALL_SUPPORTED : wanted.placement();
    ObserveOptions needed = observe.forPlacement(observed);
    if (wanted.biasCorrection() || wanted.equalization()) {
      needed = needed.withHistogramsOfChannels();
    }
    return new CalibrateOptions(
        model, data, wanted.gptq().isPresent() ? needed.withGram() : needed);
  }

  public SelectOptions select() {
    return new SelectOptions(Optional.empty(), model, recipe);
  }

  public QuantizeOptions quantize() {
    return new QuantizeOptions(Optional.empty(), model, Optional.empty());
  }

  public EvaluateOptions evaluate() {
    DataOptions heldOut =
        data.withData(evalData.orElse(data.data()))
            .withSamples(OptionalInt.of(evalSamples))
            .withLabels(labels.column());
    return new EvaluateOptions(
        model, Optional.empty(), heldOut, gate, classes, latency, target(), sensitivity, labels);
  }

  /** Targets whose runtime does not evaluate the model are run where it is at hand. */
  private TargetOptions target() {
    return recipe.targetEvaluates()
        ? TargetOptions.NONE
        : new TargetOptions(Optional.of(recipe.target()), false, python);
  }

  /** Returns the effective configuration by option name, without the output. */
  public SortedMap<String, String> configuration() {
    return new Settings()
        .put("model", model)
        .putAll(data.configuration())
        .putAll(observe.configuration())
        .put("recipe", recipe.recipe())
        .put("target", recipe.target())
        .put("strict", recipe.strict())
        .put("placement", recipe.placement())
        .put("eval-data", evalData)
        .put("eval-samples", evalSamples)
        .putAll(gate.configuration())
        .put("classes", classes)
        .put("latency", Optional.of(latency).filter(asked -> asked))
        .put("sensitivity", sensitivity)
        .put("compensate", Optional.of(compensate).filter(asked -> asked))
        .putAll(labels.configuration())
        .put("python", python)
        .values();
  }
}
