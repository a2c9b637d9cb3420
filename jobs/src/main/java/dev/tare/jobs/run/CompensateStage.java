package dev.tare.jobs.run;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.tare.engine.pass.CompensatedProducts;
import dev.tare.engine.plan.QuantPlan;
import dev.tare.engine.plan.QuantPlanJson;
import dev.tare.jobs.SparkJobs;
import dev.tare.jobs.artifact.CompensationTrial;
import dev.tare.jobs.artifact.InputRef;
import dev.tare.jobs.artifact.Part;
import dev.tare.jobs.artifact.RunFacts;
import dev.tare.jobs.artifact.Sensitivity;
import dev.tare.jobs.console.CompensationTable;
import dev.tare.jobs.console.Progress;
import dev.tare.jobs.evaluate.PairedJob;
import dev.tare.jobs.evaluate.SamplePart;
import dev.tare.jobs.evaluate.StoredWeights;
import dev.tare.jobs.evaluate.TrialJob;
import dev.tare.jobs.model.ModelHandle;
import dev.tare.jobs.model.SmoothedHandle;
import dev.tare.jobs.quantize.QuantizeStage;
import dev.tare.jobs.select.SelectJob;
import dev.tare.jobs.stage.Inputs;
import dev.tare.jobs.stage.Rows;
import dev.tare.jobs.stage.Stage;
import dev.tare.jobs.stage.StageData;
import dev.tare.jobs.stage.Work;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.SortedMap;
import java.util.TreeMap;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.functions;

/**
 * {@code --compensate}: compares what the products of the float and of the quantized model compute
 * on calibration samples, puts each channel on the line that takes it nearest to the float model's,
 * and writes the model again if it is better for it on samples that no line was found on. No row of
 * the evaluation is looked at.
 *
 * @param rows which rows of the data are calibrated on
 */
record CompensateStage(RunOptions options, Rows rows) implements Stage {

  /** Samples of the lowest hashes that are used. */
  private static final int SAMPLES = 128;

  /** What the whole model has to gain on samples that no line was found on. */
  private static final double LEAST_GAIN_DB = .1;

  /** Of outputs with a few numbers the cosine is nearly 1 whatever their error is. */
  private static final double SAME_COSINE = 1e-4;

  private static final long FEWEST = 2;

  private static final String WITH = "with";
  private static final String WITHOUT = "without";

  /** What was measured, and the plan to which it belongs. */
  private record Tried(CompensationTrial trial, QuantPlan plan) {}

  @Override
  public String name() {
    return "compensate";
  }

  @Override
  public SortedMap<String, String> configuration() {
    return options.configuration();
  }

  /** The stages before and behind it name them. */
  @Override
  public List<InputRef> inputs(Inputs inputs) {
    return List.of();
  }

  @Override
  public Work run(Work work) throws IOException {
    Optional<Tried> found =
        work.progress()
            .stage(
                name(),
                "float and quantized model on calibration samples",
                () -> tried(work, work.plan().orElseThrow()),
                done ->
                    done.map(Tried::trial)
                        .map(CompensationTable::outcome)
                        .orElse("too few samples; the model stays as it is"));
    if (found.isEmpty()) {
      return work;
    }
    CompensationTrial trial = found.get().trial();
    CompensationTable.lines(trial).forEach(line -> work.progress().line("        " + line));
    work.attempt().write(Part.COMPENSATION, trial.format());
    return trial.kept() ? rewritten(work, found.get().plan()) : work;
  }

  /**
   * Finds and measures lines; nothing if there are too few samples, which costs no finished work.
   */
  private Optional<Tried> tried(Work work, QuantPlan plan) throws IOException {
    Inputs inputs = work.inputs();
    ModelHandle model = inputs.model(options.model());
    StageData data = inputs.data(model, options.data());
    int most = Math.min(SAMPLES, options.data().samples().orElse(SAMPLES));
    Dataset<Row> all = data.select(rows, OptionalInt.of(most));
    Dataset<Row> measured = all.filter(SamplePart.measured());
    Dataset<Row> fitted = all.filter(functions.not(SamplePart.measured()));
    long measuring = measured.count();
    long fitting = fitted.count();
    if (Math.min(measuring, fitting) < FEWEST) {
      inputs.warn(
          "The model was not compensated and stays as it is: --compensate finds lines on three in four samples and measures the model on the others, and of these %d and %d at least %d each are needed; give more --samples"
              .formatted(fitting, measuring, FEWEST));
      return Optional.empty();
    }
    StoredWeights weights =
        new StoredWeights(work.attempt().path(Part.WEIGHTS), model.hadoop(), plan);
    PairedJob job =
        new PairedJob(
            inputs.spark(),
            model,
            weights,
            fitted,
            options.data().partitions().orElse(SparkJobs.parallelism(inputs.spark())));
    CompensatedProducts products =
        CompensatedProducts.of(plan, SmoothedHandle.of(model, plan).prepared().graph());
    CompensationRounds.Found found =
        new CompensationRounds(job, model).of(plan, products.products());
    SortedMap<String, QuantPlan> plans = new TreeMap<>();
    plans.put(WITHOUT, plan);
    plans.put(WITH, found.plan());
    TrialJob.Measured scores = new TrialJob(inputs.spark()).run(model, plans, weights, measured);
    Sensitivity.Score with = scores.scores().get(WITH);
    Sensitivity.Score without = scores.scores().get(WITHOUT);
    boolean changed = found.products().stream().anyMatch(product -> product.changed() > 0);
    return Optional.of(
        new Tried(
            new CompensationTrial(
                changed && better(with, without),
                fitting,
                scores.samples(),
                scores.tensor(),
                without,
                with,
                found.rounds(),
                found.products(),
                products.left()),
            found.plan()));
  }

  /** Two models without any error are equally good. */
  private static boolean better(Sensitivity.Score with, Sensitivity.Score without) {
    return with.sqnrDb() > without.sqnrDb()
        && with.sqnrDb() >= without.sqnrDb() + LEAST_GAIN_DB
        && with.cosineMean() >= without.cosineMean() - SAME_COSINE;
  }

  /** Writes plan, weights and model in place of those without lines. */
  private Work rewritten(Work work, QuantPlan plan) throws IOException {
    for (Part part : List.of(Part.PLAN, Part.TENSORS, Part.WEIGHTS)) {
      work.attempt().discard(part);
    }
    work.attempt().write(Part.PLAN_JSON, QuantPlanJson.format(plan));
    new SelectJob(work.inputs().spark())
        .write(plan, work.attempt().path(Part.PLAN), work.attempt().folder().runId());
    Progress silent =
        new Progress(new PrintStream(OutputStream.nullOutputStream(), true, UTF_8), 1);
    Work again =
        new Work(
            work.attempt(),
            work.inputs(),
            silent,
            work.facts(),
            work.passes(),
            work.placed(),
            Optional.of(plan));
    RunFacts facts = new QuantizeStage(options.quantize()).run(again).facts();
    return work.with(plan).with(facts);
  }
}
