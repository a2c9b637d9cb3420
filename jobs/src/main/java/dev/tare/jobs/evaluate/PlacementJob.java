package dev.tare.jobs.evaluate;

import dev.tare.engine.plan.QuantPlan;
import dev.tare.engine.tensor.Sample;
import dev.tare.jobs.SparkJobs;
import dev.tare.jobs.TareException;
import dev.tare.jobs.artifact.Latency;
import dev.tare.jobs.artifact.Quality;
import dev.tare.jobs.model.ModelHandle;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.apache.commons.io.FileUtils;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/**
 * Measures the quality and the time of what a plan makes of a model. Both in a single task, so that
 * nothing of this job disturbs it; or the time on the driver, where the target's runtime is there.
 */
public final class PlacementJob {

  private final SparkSession spark;
  private final TargetRuntime runtime;
  private final ModelHandle model;
  private final Dataset<Row> samples;
  private final int batchSize;
  private final Gate gate;
  private final String classes;

  /**
   * @param runtime of the target
   * @param samples rows of hash and encoded sample, all of which are run
   * @param batchSize largest number of samples in a batch
   * @param gate required quality
   * @param classes as in {@code --classes}
   */
  public PlacementJob(
      SparkSession spark,
      TargetRuntime runtime,
      ModelHandle model,
      Dataset<Row> samples,
      int batchSize,
      Gate gate,
      String classes) {
    this.spark = spark;
    this.runtime = runtime;
    this.model = model;
    this.samples = samples;
    this.batchSize = batchSize;
    this.gate = gate;
    this.classes = classes;
  }

  /**
   * Measures one plan; the gate's limit of the time is left to evaluation. Costs one run of both
   * models over the samples, and at most half a minute of runs in turns.
   *
   * @throws TareException (bad input) if there is no sample, or the target's runtime cannot run a
   *     model
   */
  public Quality run(QuantPlan plan) throws IOException {
    ComparedOutputs compared = ComparedOutputs.of(model, model);
    List<String> embeddings = EvaluateJob.embeddings(model, compared.numbers());
    ShippedPlan shipped = new ShippedPlan(model, plan);
    int batch = EvaluationBatch.size(model, compared, samples, batchSize);
    SparkJobs.describe(spark, "place: " + plan.placement().orElse(plan.recipe()));
    List<Row> measured = measured(compared, embeddings, shipped, batch);
    SparkJobs.describe(spark, null);
    if (measured.isEmpty()) {
      throw TareException.badInput("There is no sample to measure placements with");
    }
    Latency latency =
        runtime.times()
            ? onDriver(shipped, batch)
            : LatencyTask.latency(measured.get(0).getStruct(0));
    Quality quality =
        new Summary(
                compared,
                ClassOutputs.of(model.parse(), compared.numbers(), classes),
                embeddings,
                measured.get(0).getList(1))
            .quality(gate, "");
    return quality.with(latency, quality.gate());
  }

  private List<Row> measured(
      ComparedOutputs compared, List<String> embeddings, ShippedPlan shipped, int batch) {
    // Not in the task, which Spark would call a large one.
    return SparkJobs.sharing(
        spark,
        shipped,
        sent ->
            samples
                .select("hash", "sample")
                .orderBy("hash")
                .coalesce(1)
                .mapPartitions(
                    new PlacementTask(
                        model,
                        sent,
                        !runtime.times(),
                        compared.names(),
                        embeddings,
                        batch,
                        SparkJobs.taskCpus(spark)),
                    Encoders.row(PlacementTask.SCHEMA))
                .collectAsList());
  }

  private Latency onDriver(ShippedPlan shipped, int batch) throws IOException {
    SparkJobs.describe(spark, "place: samples to time models");
    List<Sample> all =
        samples.select("hash", "sample").orderBy("hash").collectAsList().stream()
            .map(row -> Sample.decode(row.<byte[]>getAs("sample")))
            .toList();
    SparkJobs.describe(spark, null);
    Path folder = Files.createTempDirectory("tare-placement");
    try {
      return runtime.latency(
          new TimedModels(
              model.parse(),
              TimedModels.written(model.prepared(), folder, "float"),
              TimedModels.written(shipped.quantized(), folder, "quantized"),
              LatencyTask.batches(all, batch),
              SparkJobs.taskCpus(spark),
              PlacementTask.MOST_PAIRS,
              Duration.ofSeconds(PlacementTask.LONGEST_SECONDS)));
    } finally {
      FileUtils.deleteDirectory(folder.toFile());
    }
  }
}
