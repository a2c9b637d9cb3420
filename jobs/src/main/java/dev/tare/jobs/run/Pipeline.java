package dev.tare.jobs.run;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tare.engine.histogram.ChannelMode;
import dev.tare.engine.recipe.QuantPlan;
import dev.tare.engine.recipe.QuantPlanJson;
import dev.tare.engine.recipe.Role;
import dev.tare.jobs.ExitCode;
import dev.tare.jobs.JsonText;
import dev.tare.jobs.SparkJobs;
import dev.tare.jobs.artifact.Manifest;
import dev.tare.jobs.artifact.Part;
import dev.tare.jobs.artifact.Quality;
import dev.tare.jobs.artifact.QualityJson;
import dev.tare.jobs.calibrate.CalibrateJob;
import dev.tare.jobs.calibrate.CalibrateRequest;
import dev.tare.jobs.calibrate.CalibrateResult;
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
import java.util.Collection;
import java.util.Optional;
import java.util.function.Consumer;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/** The four stages on one attempt's folder, each with the facts that the manifest keeps of it. */
final class Pipeline {

  private static final ObjectMapper MAPPER = new ObjectMapper();

  private final SparkSession spark;
  private final Consumer<String> notices;
  private final ObjectNode properties = MAPPER.createObjectNode();

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

  /** What the stages that ran want the manifest to keep. */
  ObjectNode properties() {
    return properties;
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
    ObjectNode node = properties.putObject(CALIBRATION);
    node.put(CONTENT_SHA256, result.contentSha256());
    node.put(MODEL_SHA256, model.sha256());
    node.put("samples", result.samples());
    node.put("observe", observe.observe());
    node.put("channels", result.kept().mode().name().toLowerCase(java.util.Locale.ROOT));
    if (result.kept().mode() == ChannelMode.HISTOGRAM) {
      node.put("channel-bits", observe.channelBits());
    }
    if (!result.kept().varying().isEmpty()) {
      strings(node, WITHOUT_CHANNELS, result.kept().varying());
    }
    node.put("channels-kept", result.kept().description());
    node.put("task-bytes", result.kept().bytes());
    strings(node, "tensors", result.tensors());
    node.put("batch-size", result.safeBatchSize());
    strings(node, RUNTIME, result.runtime());
    node.put("optimization-level", result.optimizationLevel().name());
    strings(node, CPU_FEATURES, result.cpuFeatures());
    strings(node, "cpus", result.cpuModels());
    strings(node, "executors", result.jvms());
    node.put("run-seconds", result.runNanos() / 1e9);
    node.put("observe-seconds", result.observeNanos() / 1e9);
    return result;
  }

  static final String CALIBRATION = "calibration";
  static final String CONTENT_SHA256 = "content-sha256";
  static final String MODEL_SHA256 = "model-sha256";
  static final String RUNTIME = "onnxruntime";
  static final String CPU_FEATURES = "cpu-features";

  /** Tensors whose channel axis has another size from sample to sample. */
  static final String WITHOUT_CHANNELS = "tensors-without-channels";

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
    ObjectNode node = properties.putObject("selection");
    node.put("recipe", recipe.name());
    node.put(CONTENT_SHA256, contentSha256);
    for (Role role : Role.values()) {
      String name = role.name().toLowerCase(java.util.Locale.ROOT);
      node.put("quantized-" + name, plan.quantized(role).size());
    }
    node.put("float", plan.tensors().stream().filter(t -> !t.quantized()).count());
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
    ObjectNode node = properties.putObject("quantization");
    node.put("constants", result.constants());
    node.put("weight-bytes", result.weightBytes());
    node.put("float-model-bytes", result.modelBytes());
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
    ObjectNode node = properties.putObject("evaluation");
    node.put("samples", quality.samples());
    node.put("held-out", heldOut);
    node.put("vector", quality.headline().name());
    JsonText.put(node, "cosine-mean", quality.headline().cosineMean());
    JsonText.put(node, "cosine-min", quality.headline().cosineMin());
    if (quality.gate().asked()) {
      properties.put(
          Manifest.GATE, quality.gate().passed() ? Manifest.GATE_PASSED : Manifest.GATE_FAILED);
    }
    return quality;
  }

  /** How a run with a gate ends. */
  static ExitCode exitCode(FinishedRun run) {
    return run.manifest().gateFailed() ? ExitCode.GATE_FAILED : ExitCode.OK;
  }

  private static void strings(ObjectNode node, String key, Collection<String> values) {
    ArrayNode array = node.putArray(key);
    values.forEach(array::add);
  }

  /** Ends the description of jobs. */
  void done() {
    SparkJobs.describe(spark, null);
  }
}
