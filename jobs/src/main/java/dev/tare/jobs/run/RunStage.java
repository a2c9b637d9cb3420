package dev.tare.jobs.run;

import dev.tare.engine.infer.CpuFeatures;
import dev.tare.engine.plan.QuantPlan;
import dev.tare.engine.recipe.TensorRule;
import dev.tare.jobs.Build;
import dev.tare.jobs.ExitCode;
import dev.tare.jobs.SparkJobs;
import dev.tare.jobs.artifact.Fingerprint;
import dev.tare.jobs.artifact.InputRef;
import dev.tare.jobs.artifact.Manifest;
import dev.tare.jobs.artifact.Part;
import dev.tare.jobs.artifact.Quality;
import dev.tare.jobs.calibrate.CalibrateResult;
import dev.tare.jobs.cli.RunOptions;
import dev.tare.jobs.evaluate.EvaluateJob;
import dev.tare.jobs.model.ModelHandle;
import dev.tare.jobs.model.RecipeText;
import dev.tare.jobs.quantize.QuantizeJob;
import dev.tare.jobs.select.SelectJob;
import dev.tare.jobs.storage.FinishedRun;
import dev.tare.jobs.storage.RunAttempt;
import dev.tare.jobs.storage.RunFolder;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/** All four stages into one folder. */
final class RunStage {

  private static final List<String> STAGES = List.of("calibrate", "select", "quantize", "evaluate");
  private static final List<String> WITHOUT_CALIBRATION = STAGES.subList(1, STAGES.size());

  private final SparkSession spark;
  private final PrintStream out;
  private final Progress progress;
  private Optional<CalibrateResult> calibration = Optional.empty();
  private QuantPlan plan;
  private QuantizeJob.Result quantization;
  private Quality quality;
  private Dataset<Row> calibrationSamples;

  RunStage(SparkSession spark, PrintStream out, Progress progress) {
    this.spark = spark;
    this.out = out;
    this.progress = progress;
  }

  /**
   * How a run ended.
   *
   * @param exitCode ok, or gate failed
   * @param folder where it is
   * @param details what the stages did; empty for a run that was reused
   */
  record Outcome(ExitCode exitCode, RunFolder folder, Optional<Details> details) {}

  /** What the stages of a run did. */
  record Details(
      Optional<CalibrateResult> calibration,
      QuantPlan plan,
      QuantizeJob.Result quantization,
      Quality quality,
      double calibrationOverPlain) {}

  /** What to do while calibration samples are still at hand. */
  interface AfterCalibration {
    double run(ModelHandle model, Dataset<Row> samples, CalibrateResult result);
  }

  Outcome run(RunOptions options) throws IOException {
    return run(options, (model, samples, result) -> Double.NaN);
  }

  Outcome run(RunOptions options, AfterCalibration after) throws IOException {
    Configuration hadoop = SparkJobs.hadoop(spark);
    RunFolder folder = RunFolder.at(options.output().output(), options.output().runId(), hadoop);
    folder.requireWritable(options.output().atomicity());
    try (HeldInputs held = new HeldInputs(spark, progress::line)) {
      return run(options, after, held, folder);
    }
  }

  private Outcome run(
      RunOptions options, AfterCalibration after, HeldInputs inputs, RunFolder folder)
      throws IOException {
    Optional<ExitCode> reused =
        folder.reusable(options.output().ifFinished(), () -> fingerprint(options, inputs));
    if (reused.isPresent()) {
      out.println("Reused the finished run " + folder.path());
      return new Outcome(reused.get(), folder, Optional.empty());
    }
    Committers.require(spark, folder, options.output().atomicity());
    double[] ratio = new double[1];
    FinishedRun run =
        folder.produce(
            options.output().atomicity(),
            attempt -> Explained.run(() -> work(folder, attempt, options, after, inputs, ratio)));
    return new Outcome(
        Pipeline.exitCode(run),
        folder,
        Optional.of(new Details(calibration, plan, quantization, quality, ratio[0])));
  }

  private Manifest work(
      RunFolder folder,
      RunAttempt attempt,
      RunOptions options,
      AfterCalibration after,
      HeldInputs inputs,
      double[] ratio)
      throws IOException {
    ModelHandle model = inputs.model(options.model());
    RecipeText recipe = inputs.recipe(options.recipe());
    SelectJob.requireCandidates(model, recipe);
    EvaluateJob.require(model, options.classesOrAuto());
    if (recipe.parse().activations().filter(TensorRule::perChannel).isPresent()) {
      throw QuantizeJob.perChannelActivations("Recipe '" + recipe.name() + "' gives every input");
    }
    warnAboutCpu(recipe);
    Pipeline pipeline = new Pipeline(spark, progress::line);
    StageData data = inputs.data(model, options.data());
    EvaluationData held = EvaluationData.open(inputs, model, options, data);
    progress.follow(() -> data.check(options.data().maxBadRows()));
    held.requireBothParts();
    if (SelectJob.needsStatistics(model, recipe)) {
      CalibrateResult result =
          progress.stage(
              "calibrate",
              "run the float model over the data and count",
              () -> calibrate(pipeline, attempt, model, recipe, options, data, held),
              Summaries::calibration);
      calibration = Optional.of(result);
      ratio[0] = after.run(model, calibrationSamples, result);
    } else {
      progress.line("No calibration: recipe " + recipe.name() + " needs no statistics.");
    }
    plan =
        progress.stage(
            "select",
            "ranges by recipe " + recipe.name(),
            () ->
                pipeline.select(
                    attempt,
                    model,
                    recipe,
                    attempt.path(Part.STATISTICS),
                    calibration.map(CalibrateResult::contentSha256).orElse("")),
            made -> Summaries.plan(made, SelectJob.vectors(model, made)));
    FloatReasons.of(plan).forEach(progress::line);
    FloatReasons.nothingQuantized(plan, model).ifPresent(inputs::warn);
    quantization =
        progress.stage(
            "quantize",
            "weights to integers",
            () -> pipeline.quantize(attempt, model, plan),
            Summaries::quantization);
    quality =
        progress.stage(
            "evaluate",
            "float and quantized model on held-out rows",
            () ->
                pipeline.evaluate(
                    attempt,
                    model,
                    inputs.hold(
                        ModelHandle.openUnchecked(
                            attempt.path(Part.MODEL).toString(), inputs.hadoop())),
                    held.samples(options),
                    options.data().batchSize(),
                    options.gate(),
                    options.classesOrAuto(),
                    options.sensitivity().isPresent()
                        ? Optional.of(new Pipeline.Measured(plan, options.sensitivity().getAsInt()))
                        : Optional.empty(),
                    held.description()),
            Summaries::quality);
    inputs.requireUnchanged();
    pipeline.done();
    return Manifest.draft(
        folder.runId(),
        stages(model, recipe),
        inputs(model, data, held.ownData(), recipe),
        options.configuration(),
        pipeline.facts().with(data.facts()).with(inputs.warnings()));
  }

  private static List<String> stages(ModelHandle model, RecipeText recipe) {
    return SelectJob.needsStatistics(model, recipe) ? STAGES : WITHOUT_CALIBRATION;
  }

  private CalibrateResult calibrate(
      Pipeline pipeline,
      RunAttempt attempt,
      ModelHandle model,
      RecipeText recipe,
      RunOptions options,
      StageData data,
      EvaluationData held)
      throws IOException {
    calibrationSamples = data.select(held.calibrationCondition(), options.data().samples());
    CalibrateResult result =
        pipeline.calibrate(
            attempt,
            model,
            options.observe().forPlacement(recipe.parse().placement()),
            options.data(),
            calibrationSamples);
    data.requireUnchanged();
    return result;
  }

  private void warnAboutCpu(RecipeText recipe) {
    if (!CpuFeatures.current().exactInt8Products() && !recipe.parse().weights().reduceRange()) {
      progress.line(
          "Warning: this CPU (%s) has no VNNI, so sums of u8 by s8 products may saturate; recipe int8-reduced avoids it."
              .formatted(CpuFeatures.current().model()));
    }
  }

  private Fingerprint fingerprint(RunOptions options, HeldInputs inputs) {
    try {
      ModelHandle model = inputs.model(options.model());
      RecipeText recipe = inputs.recipe(options.recipe());
      StageData data = inputs.data(model, options.data());
      EvaluationData held = EvaluationData.open(inputs, model, options, data);
      return Fingerprint.of(
          Build.current().version(),
          stages(model, recipe),
          inputs(model, data, held.ownData(), recipe),
          options.configuration());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private List<InputRef> inputs(
      ModelHandle model, StageData data, Optional<StageData> evalData, RecipeText recipe)
      throws IOException {
    List<InputRef> inputs = inputs(model, data, evalData);
    recipe.asInput(SparkJobs.hadoop(spark)).ifPresent(inputs::add);
    return inputs;
  }

  static List<InputRef> inputs(ModelHandle model, StageData data, Optional<StageData> evalData) {
    List<InputRef> inputs = model.files().asInputs();
    inputs.addAll(data.inputs("data"));
    evalData.ifPresent(
        own ->
            own.inputs("eval-data").stream()
                .filter(i -> i.name().equals("eval-data"))
                .forEach(inputs::add));
    return inputs;
  }
}
