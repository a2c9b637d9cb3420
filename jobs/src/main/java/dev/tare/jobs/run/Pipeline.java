package dev.tare.jobs.run;

import dev.tare.engine.observe.ChannelMode;
import dev.tare.engine.plan.QuantPlan;
import dev.tare.engine.plan.QuantPlanJson;
import dev.tare.engine.recipe.Role;
import dev.tare.jobs.ExitCode;
import dev.tare.jobs.SparkJobs;
import dev.tare.jobs.artifact.CalibrationFacts;
import dev.tare.jobs.artifact.EvaluationFacts;
import dev.tare.jobs.artifact.Part;
import dev.tare.jobs.artifact.Quality;
import dev.tare.jobs.artifact.QualityJson;
import dev.tare.jobs.artifact.QuantizationFacts;
import dev.tare.jobs.artifact.RunFacts;
import dev.tare.jobs.artifact.SelectionFacts;
import dev.tare.jobs.calibrate.CalibrateJob;
import dev.tare.jobs.calibrate.CalibrateRequest;
import dev.tare.jobs.calibrate.CalibrateResult;
import dev.tare.jobs.calibrate.KeptChannels;
import dev.tare.jobs.cli.DataOptions;
import dev.tare.jobs.cli.GateOptions;
import dev.tare.jobs.cli.ObserveOptions;
import dev.tare.jobs.evaluate.EvaluateJob;
import dev.tare.jobs.evaluate.Gate;
import dev.tare.jobs.evaluate.SensitivityJob;
import dev.tare.jobs.model.ModelHandle;
import dev.tare.jobs.model.RecipeText;
import dev.tare.jobs.quantize.QuantizeJob;
import dev.tare.jobs.select.SelectJob;
import dev.tare.jobs.storage.FinishedRun;
import dev.tare.jobs.storage.RunAttempt;
import java.io.IOException;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/**
 * The four stages on one attempt's folder, each with the facts that the manifest keeps of it. Not
 * thread-safe; confined to one run.
 */
final class Pipeline {

  private final SparkSession spark;
  private final Consumer<String> notices;
  private RunFacts facts = RunFacts.NONE;

  Pipeline(SparkSession spark) {
    this(spark, notice -> {});
  }

  /**
   * @param notices where lines for people go while a stage runs
   */
  Pipeline(SparkSession spark, Consumer<String> notices) {
    this.spark = spark;
    this.notices = notices;
  }

  /** What the stages that ran say of the run. */
  RunFacts facts() {
    return facts;
  }

  CalibrateResult calibrate(
      RunAttempt attempt,
      ModelHandle model,
      ObserveOptions observe,
      DataOptions data,
      Dataset<Row> samples)
      throws IOException {
    CalibrateRequest request =
        new CalibrateRequest(
            model,
            observe.observe(),
            observe.channels().mode(),
            observe.channelBits(),
            data.batchSize(),
            data.partitions());
    CalibrateResult result =
        new CalibrateJob(spark, notices)
            .run(
                request,
                samples,
                samples.count(),
                attempt.path(Part.STATISTICS),
                attempt.folder().runId());
    facts = facts.with(facts(model, observe, result));
    return result;
  }

  private static CalibrationFacts facts(
      ModelHandle model, ObserveOptions observe, CalibrateResult result) {
    KeptChannels kept = result.kept();
    return new CalibrationFacts(
        result.contentSha256(),
        model.sha256(),
        result.samples(),
        Optional.of(observe.observe()),
        Optional.of(List.copyOf(result.tensors())),
        new CalibrationFacts.Channels(
            Optional.of(kept.mode().name().toLowerCase(Locale.ROOT)),
            kept.mode() == ChannelMode.HISTOGRAM
                ? OptionalInt.of(observe.channelBits())
                : OptionalInt.empty(),
            List.copyOf(kept.varying()),
            Optional.of(kept.description())),
        new CalibrationFacts.Conditions(
            List.copyOf(result.runtime()),
            Optional.of(result.optimizationLevel().name()),
            List.copyOf(result.cpuFeatures())),
        List.copyOf(result.cpuModels()),
        Optional.of(
            new CalibrationFacts.Effort(
                result.safeBatchSize(),
                OptionalLong.of(kept.bytes()),
                List.copyOf(result.jvms()),
                result.runNanos() / 1e9,
                result.observeNanos() / 1e9)),
        OptionalInt.empty(),
        List.of());
  }

  QuantPlan select(
      RunAttempt attempt,
      ModelHandle model,
      RecipeText recipe,
      Path statistics,
      String contentSha256)
      throws IOException {
    SelectJob job = new SelectJob(spark);
    QuantPlan plan = job.run(model, recipe, statistics, contentSha256);
    attempt.write(Part.PLAN_JSON, QuantPlanJson.format(plan));
    job.write(plan, attempt.path(Part.PLAN), attempt.folder().runId());
    SortedMap<Role, Integer> quantized = new TreeMap<>();
    for (Role role : Role.values()) {
      quantized.put(role, plan.quantized(role).size());
    }
    facts =
        facts.with(
            new SelectionFacts(
                recipe.name(),
                Optional.of(contentSha256).filter(hash -> !hash.isEmpty()),
                quantized,
                plan.tensors().stream().filter(t -> !t.quantized()).count()));
    return plan;
  }

  QuantizeJob.Result quantize(RunAttempt attempt, ModelHandle model, QuantPlan plan)
      throws IOException {
    QuantizeJob.Result result =
        new QuantizeJob(spark)
            .run(
                model,
                plan,
                attempt.path(Part.TENSORS),
                attempt.path(Part.WEIGHTS),
                attempt.folder().runId(),
                attempt::create);
    facts =
        facts.with(
            new QuantizationFacts(result.constants(), result.weightBytes(), result.modelBytes()));
    return result;
  }

  /**
   * Operators to measure one by one.
   *
   * @param plan what the model was quantized by
   * @param samples how many samples to run
   */
  record Measured(QuantPlan plan, int samples) {}

  Quality evaluate(
      RunAttempt attempt,
      ModelHandle model,
      ModelHandle quantized,
      Dataset<Row> samples,
      int batchSize,
      GateOptions gate,
      String classes,
      Optional<Measured> sensitivity,
      String heldOut)
      throws IOException {
    Quality quality =
        new EvaluateJob(spark)
            .run(
                model,
                quantized,
                samples,
                batchSize,
                new Gate(gate.minCosine(), gate.minSqnrDb(), gate.minChannelSqnr()),
                classes,
                heldOut);
    if (sensitivity.isPresent()) {
      quality =
          quality.with(
              new SensitivityJob(spark)
                  .run(
                      model,
                      sensitivity.get().plan(),
                      quality.headline(),
                      samples,
                      sensitivity.get().samples()));
    }
    attempt.write(Part.QUALITY, QualityJson.format(quality));
    facts = facts.with(EvaluationFacts.of(quality), quality.gate().gate());
    return quality;
  }

  /** How a run with a gate ends. */
  static ExitCode exitCode(FinishedRun run) {
    return run.manifest().gateFailed() ? ExitCode.GATE_FAILED : ExitCode.OK;
  }

  /** Ends the description of jobs. */
  void done() {
    SparkJobs.describe(spark, null);
  }
}
