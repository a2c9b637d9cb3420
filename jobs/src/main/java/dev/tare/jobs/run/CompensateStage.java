package dev.tare.jobs.run;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.tare.engine.pass.CompensatedProducts;
import dev.tare.engine.plan.QuantPlan;
import dev.tare.engine.plan.QuantPlanJson;
import dev.tare.jobs.SparkJobs;
import dev.tare.jobs.artifact.CompensationTrial;
import dev.tare.jobs.artifact.InputRef;
import dev.tare.jobs.artifact.Interval;
import dev.tare.jobs.artifact.Part;
import dev.tare.jobs.artifact.RunFacts;
import dev.tare.jobs.artifact.Sensitivity;
import dev.tare.jobs.console.CompensationTable;
import dev.tare.jobs.console.Progress;
import dev.tare.jobs.evaluate.PairedGain;
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
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.SortedMap;
import java.util.TreeMap;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
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

  /** Samples that are used; of more than these nothing else would be decided. */
  private static final int SAMPLES = 1024;

  /** Samples of the lowest hashes on which lines are found, which costs many passes over them. */
  private static final int FITTED = 96;

  /** On fewer, resamples are too much alike to show what chance may do. */
  private static final int FEWEST_MEASURED = 16;

  /** Encoded samples on which the whole model is measured; one task has them, and all results. */
  private static final long MEASURED_BYTES = 64L << 20;

  /** What the whole model has to gain on samples that no line was found on. */
  private static final double LEAST_GAIN_DB = .1;

  /** Of outputs with a few numbers the cosine is nearly 1 whatever their error is. */
  private static final double SAME_COSINE = 1e-4;

  /** Lines are found on one half and tried on the other. */
  private static final long FEWEST_FITTED = 2;

  private static final String MODEL = "model";

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

  /** What follows goes on with, and what was measured if there were enough samples. */
  private record Done(Work work, Optional<CompensationTrial> trial) {}

  /** The samples on which lines are found, and those on which the whole model is measured. */
  private record Samples(Dataset<Row> fitted, long fitting, Dataset<Row> measured) {}

  @Override
  public Work run(Work work) throws IOException {
    Done done =
        work.progress()
            .stage(
                name(),
                "float and quantized model on calibration samples",
                () -> {
                  Optional<Samples> samples = samples(work.inputs());
                  return samples.isPresent()
                      ? compensated(work, work.plan().orElseThrow(), samples.get())
                      : new Done(work, Optional.empty());
                },
                ended ->
                    ended
                        .trial()
                        .map(CompensationTable::outcome)
                        .orElse("too few samples; the model stays as it is"));
    if (done.trial().isPresent()) {
      CompensationTrial trial = done.trial().get();
      CompensationTable.lines(trial).forEach(line -> work.progress().line("        " + line));
      work.attempt().write(Part.COMPENSATION, trial.format());
    }
    return done.work();
  }

  /** Empty if there are too few, which costs no finished work. */
  private Optional<Samples> samples(Inputs inputs) throws IOException {
    StageData data = inputs.data(inputs.model(options.model()), options.data());
    int most = Math.min(SAMPLES, options.data().samples().orElse(SAMPLES));
    // A sample that is there many times says once what it says.
    Dataset<Row> all = data.select(rows, OptionalInt.of(most)).dropDuplicates("hash");
    Dataset<Row> held = all.filter(SamplePart.measured());
    Dataset<Row> others = all.filter(functions.not(SamplePart.measured()));
    List<byte[]> lowest =
        others.select("hash").orderBy("hash").limit(FITTED).as(Encoders.BINARY()).collectAsList();
    List<byte[]> fits =
        fitting(
            held.select(functions.col("hash"), functions.length(functions.col("sample")))
                .orderBy("hash")
                .collectAsList());
    int measuring = fits.size();
    int fitting = lowest.size();
    if (measuring < FEWEST_MEASURED || fitting < FEWEST_FITTED) {
      inputs.warn(
          "The model was not compensated and stays as it is: --compensate finds lines on three in four samples and measures the model on the others; of these there are %d and %d, and at least %d and %d are needed; give more --samples"
              .formatted(fitting, measuring, FEWEST_FITTED, FEWEST_MEASURED));
      return Optional.empty();
    }
    return Optional.of(new Samples(upTo(others, lowest), fitting, upTo(held, fits)));
  }

  private static Dataset<Row> upTo(Dataset<Row> samples, List<byte[]> hashes) {
    return samples.filter(functions.col("hash").leq(hashes.get(hashes.size() - 1)));
  }

  /**
   * The hashes of the first samples that one task can run, whatever their size at least as many as
   * decide.
   *
   * @param samples hash and length of each, in the order of hashes
   */
  static List<byte[]> fitting(List<Row> samples) {
    List<byte[]> hashes = new ArrayList<>();
    long bytes = 0;
    for (Row sample : samples) {
      bytes += sample.getInt(1);
      if (hashes.size() >= FEWEST_MEASURED && bytes > MEASURED_BYTES) {
        break;
      }
      hashes.add(sample.getAs(0));
    }
    return hashes;
  }

  /** Finds lines and writes the model with them, and if it is not better, again without. */
  private Done compensated(Work work, QuantPlan plan, Samples samples) throws IOException {
    Inputs inputs = work.inputs();
    ModelHandle model = inputs.model(options.model());
    PairedJob job =
        new PairedJob(
            inputs.spark(),
            model,
            stored(work, plan),
            samples.fitted(),
            options.data().partitions().orElse(SparkJobs.parallelism(inputs.spark())));
    CompensatedProducts products =
        CompensatedProducts.of(plan, SmoothedHandle.of(model, plan).prepared().graph());
    CompensationRounds.Found found =
        new CompensationRounds(job, model).of(plan, products.products());
    TrialJob.Measured without = measured(work, plan, samples);
    boolean changed = found.products().stream().anyMatch(product -> product.changed() > 0);
    // What is published is measured: rounding weights with other scales may give other integers.
    Work with = changed ? rewritten(work, found.plan()) : work;
    TrialJob.Measured then = changed ? measured(work, found.plan(), samples) : without;
    Optional<Interval> gain =
        changed
            ? PairedGain.of(without.errors().get(MODEL), then.errors().get(MODEL), then.hashes())
            : Optional.empty();
    Sensitivity.Score before = without.scores().get(MODEL);
    Sensitivity.Score after = then.scores().get(MODEL);
    CompensationTrial.Verdict verdict =
        changed ? verdict(before, after, gain) : CompensationTrial.Verdict.NO_LINE;
    CompensationTrial trial =
        new CompensationTrial(
            verdict,
            samples.fitting(),
            then.samples(),
            then.tensor(),
            before,
            after,
            gain,
            found.rounds(),
            found.products(),
            products.left());
    return new Done(changed && !trial.kept() ? rewritten(work, plan) : with, Optional.of(trial));
  }

  private TrialJob.Measured measured(Work work, QuantPlan plan, Samples samples)
      throws IOException {
    return new TrialJob(work.inputs().spark())
        .run(
            work.inputs().model(options.model()),
            new TreeMap<>(Map.of(MODEL, plan)),
            stored(work, plan),
            samples.measured());
  }

  /** The integers that the folder has now. */
  private StoredWeights stored(Work work, QuantPlan plan) throws IOException {
    return new StoredWeights(
        work.attempt().path(Part.WEIGHTS), work.inputs().model(options.model()).hadoop(), plan);
  }

  /** Whether a model is worth its change; two without any error are equally good. */
  static CompensationTrial.Verdict verdict(
      Sensitivity.Score without, Sensitivity.Score with, Optional<Interval> gainDb) {
    if (!(with.sqnrDb() >= without.sqnrDb())
        || !(with.cosineMean() >= without.cosineMean() - SAME_COSINE)) {
      return CompensationTrial.Verdict.WORSE;
    }
    if (with.sqnrDb() == without.sqnrDb() || with.sqnrDb() < without.sqnrDb() + LEAST_GAIN_DB) {
      return CompensationTrial.Verdict.TOO_LITTLE;
    }
    return gainDb.filter(gain -> gain.low() > 0).isPresent()
        ? CompensationTrial.Verdict.KEPT
        : CompensationTrial.Verdict.UNCERTAIN;
  }

  /** Writes plan, weights and model in place of those that are there. */
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
