package dev.tare.jobs.run;

import dev.tare.engine.infer.CpuFeatures;
import dev.tare.engine.recipe.Recipe;
import dev.tare.engine.recipe.SmoothingRule;
import dev.tare.engine.recipe.TensorRule;
import dev.tare.jobs.TareException;
import dev.tare.jobs.artifact.InputRef;
import dev.tare.jobs.calibrate.CalibrateStage;
import dev.tare.jobs.calibrate.Channels;
import dev.tare.jobs.evaluate.EvaluateJob;
import dev.tare.jobs.evaluate.EvaluateStage;
import dev.tare.jobs.model.ModelHandle;
import dev.tare.jobs.model.RecipeText;
import dev.tare.jobs.quantize.QuantizeJob;
import dev.tare.jobs.quantize.QuantizeStage;
import dev.tare.jobs.select.Quantizable;
import dev.tare.jobs.select.SelectStage;
import dev.tare.jobs.stage.Inputs;
import dev.tare.jobs.stage.Places;
import dev.tare.jobs.stage.Rows;
import dev.tare.jobs.stage.Stage;
import dev.tare.jobs.stage.StageData;
import dev.tare.jobs.stage.Stages;
import dev.tare.jobs.stage.Work;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;
import java.util.SortedMap;

/**
 * Calibration, selection, quantization and evaluation into one folder; recipes that need no
 * statistics begin with the second, {@code --placement fastest} measures before it, and {@code
 * --compensate} after the third.
 */
public record AllStages(RunOptions options) implements Stages {

  @Override
  public String name() {
    return "run";
  }

  @Override
  public SortedMap<String, String> configuration() {
    return options.configuration();
  }

  @Override
  public Places places() {
    return Places.ofModel(options.model())
        .with(options.data())
        .withMoreData(options.evalData())
        .withRecipe(options.recipe());
  }

  /** Calibration data is an input even without calibration, since rows may be held out from it. */
  @Override
  public List<InputRef> inputs(Inputs inputs) throws IOException {
    Set<InputRef> all = new LinkedHashSet<>();
    for (Stage stage : List.of(calibrate(inputs), select(), quantize(), evaluate())) {
      all.addAll(stage.inputs(inputs));
    }
    return List.copyOf(all);
  }

  @Override
  public List<Stage> inOrder(Inputs inputs) throws IOException {
    List<Stage> stages = new ArrayList<>();
    if (needsStatistics(inputs)) {
      stages.add(calibrate(inputs));
      if (PassesStage.has(inputs.recipe(options.recipe(), inputs.model(options.model())).parse())) {
        stages.add(new PassesStage(options, calibrated()));
      }
    }
    if (options.recipe().fastest()) {
      stages.add(new FastestStage(options, evaluated()));
    }
    stages.addAll(List.of(select(), quantize()));
    if (options.compensate()) {
      stages.add(new CompensateStage(options, calibrated()));
    }
    stages.add(evaluate());
    return stages;
  }

  private boolean needsStatistics(Inputs inputs) throws IOException {
    ModelHandle model = inputs.model(options.model());
    return Quantizable.needsStatistics(model, inputs.recipe(options.recipe(), model));
  }

  private Stage calibrate(Inputs inputs) throws IOException {
    RecipeText recipe = inputs.recipe(options.recipe(), inputs.model(options.model()));
    return new CalibrateStage(options.calibrate(recipe.parse()), calibrated());
  }

  private Rows calibrated() {
    return options.evalData().isPresent() ? Rows.ALL : Rows.CALIBRATION;
  }

  private Stage select() {
    return new SelectStage(options.select());
  }

  private Stage quantize() {
    return new QuantizeStage(options.quantize());
  }

  private Stage evaluate() {
    return new EvaluateStage(
        options.evaluate(), evaluated(), options.evalData().isPresent() ? "eval-data" : "data");
  }

  private Rows evaluated() {
    return options.evalData().isPresent() ? Rows.ALL : Rows.HELD_OUT;
  }

  @Override
  public Work prepare(Work work) throws IOException {
    Inputs inputs = work.inputs();
    ModelHandle model = inputs.model(options.model());
    RecipeText recipe = inputs.recipe(options.recipe(), model);
    Quantizable.requireCandidates(model, recipe);
    select().prepare(work);
    if (options.recipe().fastest()) {
      new FastestStage(options, evaluated()).prepare(work);
    }
    EvaluateJob.require(model, options.classesOrAuto(), options.labels());
    if (recipe.parse().activations().filter(TensorRule::perChannel).isPresent()) {
      QuantizeJob.requireChannelsOfActivations(
          recipe.target(), "Recipe '" + recipe.name() + "' gives every input");
    }
    requireChannels(recipe.parse());
    warnAboutCpu(recipe, work);
    StageData data = inputs.data(model, options.data());
    inputs.data(model, options.evaluate().data());
    work.progress().follow(() -> data.check(options.data().maxBadRows()));
    if (options.evalData().isEmpty()) {
      requireSome(data, Rows.HELD_OUT, "evaluate on");
      requireSome(data, Rows.CALIBRATION, "calibrate on");
    }
    if (!needsStatistics(inputs)) {
      work.progress().line("No calibration: recipe " + recipe.name() + " needs no statistics.");
    }
    return work.with(work.facts().with(data.facts()));
  }

  /** Found before anything is calibrated. */
  private void requireChannels(Recipe recipe) {
    Channels kept = options.observe().channels();
    boolean bins =
        recipe.biasCorrection()
            || recipe.equalization()
            || recipe.smoothing().filter(SmoothingRule::usesHistograms).isPresent();
    String needs =
        bins && (kept == Channels.NONE || kept == Channels.EXTREMES)
            ? "histogram"
            : recipe.smoothing().isPresent() && kept == Channels.NONE
                ? "histogram or extremes"
                : "";
    if (!needs.isEmpty()) {
      throw TareException.usage("Recipe '%s' needs --channels %s".formatted(recipe.name(), needs));
    }
  }

  /** With few rows all may be on one side of the split. */
  private static void requireSome(StageData data, Rows rows, String purpose) {
    if (data.count(rows, OptionalInt.empty()) == 0) {
      throw TareException.badInput(
          "The split by hash leaves no row of %s to %s: it has %d samples; give more, or separate rows with --eval-data"
              .formatted(data.place(), purpose, data.report().samples()));
    }
  }

  private static void warnAboutCpu(RecipeText recipe, Work work) {
    if (!CpuFeatures.current().exactInt8Products() && !recipe.parse().weights().reduceRange()) {
      work.progress()
          .line(
              "Warning: this CPU (%s) has no VNNI, so sums of u8 by s8 products may saturate; recipe int8-reduced avoids it."
                  .formatted(CpuFeatures.current().model()));
    }
  }
}
