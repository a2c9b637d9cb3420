package dev.tare.jobs.evaluate;

import dev.tare.engine.plan.QuantPlan;
import dev.tare.jobs.SparkJobs;
import dev.tare.jobs.TareException;
import dev.tare.jobs.artifact.EvaluationFacts;
import dev.tare.jobs.artifact.InputRef;
import dev.tare.jobs.artifact.LabelQuality;
import dev.tare.jobs.artifact.Latency;
import dev.tare.jobs.artifact.Part;
import dev.tare.jobs.artifact.Quality;
import dev.tare.jobs.artifact.QualityJson;
import dev.tare.jobs.artifact.QuantizationFacts;
import dev.tare.jobs.artifact.RunFacts;
import dev.tare.jobs.artifact.TargetQuality;
import dev.tare.jobs.console.Amounts;
import dev.tare.jobs.console.BudgetTable;
import dev.tare.jobs.model.ModelHandle;
import dev.tare.jobs.stage.EarlierRuns;
import dev.tare.jobs.stage.Inputs;
import dev.tare.jobs.stage.Places;
import dev.tare.jobs.stage.Rows;
import dev.tare.jobs.stage.Stage;
import dev.tare.jobs.stage.StageData;
import dev.tare.jobs.stage.Work;
import dev.tare.jobs.storage.FinishedRun;
import dev.tare.jobs.storage.Lineage;
import dev.tare.jobs.table.PlanStore;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.SortedMap;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/**
 * {@code tare evaluate}: compares the quantized model with the float one on held-out data.
 *
 * @param rows which rows of the data are run
 * @param dataName name of the data in the manifest
 */
public record EvaluateStage(EvaluateOptions options, Rows rows, String dataName) implements Stage {

  @Override
  public String name() {
    return "evaluate";
  }

  @Override
  public SortedMap<String, String> configuration() {
    return options.configuration();
  }

  @Override
  public Places places() {
    return Places.ofModel(options.model()).with(options.data());
  }

  @Override
  public List<InputRef> inputs(Inputs inputs) throws IOException {
    ModelHandle model = inputs.model(options.model());
    List<InputRef> all = new ArrayList<>(model.files().asInputs());
    all.addAll(inputs.data(model, options.data()).inputs(dataName));
    if (options.quantized().isPresent()) {
      all.add(inputs.runs().open(options.quantized().get()).asInput("quantized"));
    }
    return all;
  }

  @Override
  public Work run(Work work) throws IOException {
    Inputs inputs = work.inputs();
    ModelHandle model = inputs.model(options.model());
    ModelHandle quantized = quantized(work, model);
    EvaluateJob.require(model, options.classesOrAuto(), options.labels());
    Optional<TargetRuntime> runtime = target(work);
    StageData data = inputs.data(model, options.data());
    Quality quality =
        work.progress()
            .stage(
                name(),
                options.quantized().isPresent()
                    ? "float and quantized model side by side"
                    : "float and quantized model on held-out rows",
                () -> evaluate(work, model, quantized, data, runtime),
                EvaluateStage::summary);
    showBudget(work, quantized, quality);
    RunFacts facts = work.facts().with(EvaluationFacts.of(quality), quality.gate().gate());
    // Calibration read more rows than were held out.
    return work.with(facts.data().isPresent() ? facts : facts.with(data.facts()));
  }

  /** Returns the quantized model of the named run, or of this one. */
  private ModelHandle quantized(Work work, ModelHandle model) throws IOException {
    Inputs inputs = work.inputs();
    if (options.quantized().isEmpty()) {
      return inputs.hold(
          ModelHandle.openToRun(
              work.attempt().model(ModelHandle.namesInFolders()).toString(), inputs.hadoop()));
    }
    FinishedRun source = inputs.runs().open(options.quantized().get());
    EarlierRuns.requireQuantizedFrom(source, model);
    warnAboutTarget(source, inputs);
    return inputs.quantizedModel(source);
  }

  /** A model for one target loads in another, but its plan did not ask what that one computes. */
  private void warnAboutTarget(FinishedRun source, Inputs inputs) {
    Optional<String> made = source.facts().quantization().map(QuantizationFacts::target);
    options
        .target()
        .target()
        .filter(wanted -> made.isPresent() && !made.get().equals(wanted))
        .ifPresent(
            wanted ->
                inputs.warn(
                    "the model of run %s was quantized for target %s, and is evaluated in %s"
                        .formatted(source.manifest().runId(), made.get(), wanted)));
  }

  /**
   * Returns what runs models of the target, if it is asked for and here.
   *
   * @throws TareException (usage) if it is required and not here
   */
  private Optional<TargetRuntime> target(Work work) throws IOException {
    TargetOptions wanted = options.target();
    if (wanted.target().isEmpty()) {
      return Optional.empty();
    }
    TargetRuntime runtime =
        TargetRuntime.of(
            wanted.target().get(), wanted.python(), SparkJobs.taskCpus(work.inputs().spark()));
    Optional<String> missing = runtime.missing();
    if (missing.isPresent() && wanted.required()) {
      throw TareException.usage(missing.get());
    }
    missing.ifPresent(
        reason ->
            work.inputs()
                .warn("The model was not compared with what its target computes. " + reason));
    return missing.isPresent() ? Optional.empty() : Optional.of(runtime);
  }

  /** What a budget predicted beside what was measured; an earlier run may be gone. */
  private void showBudget(Work work, ModelHandle quantized, Quality quality) throws IOException {
    if (options.quantized().isEmpty()) {
      return;
    }
    Optional<FinishedRun> chosen =
        Lineage.of(options.quantized().get(), work.inputs().runs()).holding(Part.BUDGET);
    if (chosen.isPresent()) {
      work.progress()
          .line(
              "        "
                  + BudgetTable.measured(
                      chosen.get().budget(), quality.headline(), quantized.files().bytes()));
    }
  }

  private Quality evaluate(
      Work work,
      ModelHandle model,
      ModelHandle quantized,
      StageData data,
      Optional<TargetRuntime> runtime)
      throws IOException {
    SparkSession spark = work.inputs().spark();
    data.check(options.data().maxBadRows());
    Dataset<Row> samples = data.select(rows, options.data().samples());
    Optional<QuantPlan> plan =
        options.sensitivity().isPresent() ? Optional.of(plan(work)) : Optional.empty();
    Optional<LabelQuality> labels =
        options.labels().asked()
            ? Optional.of(
                new LabelJob(spark, options.labels())
                    .run(model, quantized, samples, options.classesOrAuto()))
            : Optional.empty();
    Quality quality =
        new EvaluateJob(spark)
            .run(
                model,
                quantized,
                samples,
                options.data().batchSize(),
                options.gate(),
                options.classesOrAuto(),
                heldOut(data));
    if (labels.isPresent()) {
      quality = quality.with(labels.get());
    }
    if (runtime.isPresent()) {
      String target = options.target().target().orElseThrow();
      List<String> outputs = ComparedOutputs.of(model, quantized).numbers();
      TargetQuality measured =
          new TargetJob(spark, target, runtime.get()).run(model, quantized, samples, outputs);
      quality = quality.with(measured, QualityWarnings.of(measured));
    }
    if (options.measuresLatency()) {
      LatencyJob job = new LatencyJob(spark);
      int batchSize = options.data().batchSize();
      Latency latency =
          runtime.isPresent() && runtime.get().times()
              ? job.run(runtime.get(), model, quantized, samples, batchSize)
              : job.run(model, quantized, samples, batchSize);
      quality = quality.with(latency, options.gate().check(quality.gate(), latency));
    }
    if (plan.isPresent()) {
      quality =
          quality.with(
              new SensitivityJob(spark)
                  .run(
                      model,
                      plan.get(),
                      quality.headline(),
                      samples,
                      options.sensitivity().getAsInt()));
    }
    work.attempt().write(Part.QUALITY, QualityJson.format(quality));
    return quality;
  }

  private String heldOut(StageData data) {
    return rows == Rows.HELD_OUT
        ? "one row in five of the calibration data, chosen by hash and not calibrated on"
        : "data of its own: " + data.place();
  }

  /**
   * Returns the plan from which the quantized model was made.
   *
   * @throws TareException (bad input) if it cannot be found
   */
  private QuantPlan plan(Work work) throws IOException {
    Optional<QuantPlan> made = work.plan();
    if (made.isPresent()) {
      return made.get();
    }
    String quantized = options.quantized().orElseThrow();
    return PlanStore.read(
        work.inputs().spark(),
        Lineage.of(quantized, work.inputs().runs())
            .require(
                Part.PLAN_JSON,
                "--sensitivity needs the plan of run %s, which is not there".formatted(quantized)));
  }

  private static String summary(Quality quality) {
    Quality.OutputQuality headline = quality.headline();
    boolean labels = headline.labelsEqual().isPresent();
    return String.format(
        Locale.ROOT,
        "%s %.4f on %s",
        labels ? "equal labels" : "cosine",
        headline.cosineMean(),
        Amounts.counted(quality.samples(), "sample"));
  }
}
