package dev.tare.jobs.evaluate;

import dev.tare.engine.plan.QuantPlan;
import dev.tare.jobs.SparkJobs;
import dev.tare.jobs.TareException;
import dev.tare.jobs.artifact.Latency;
import dev.tare.jobs.artifact.Quality;
import dev.tare.jobs.model.ModelHandle;
import java.util.List;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/**
 * Measures the quality and the time of what a plan makes of a model, in a single task, so that
 * nothing of this job disturbs it. Nothing is written.
 */
public final class PlacementJob {

  private final SparkSession spark;
  private final ModelHandle model;
  private final Dataset<Row> samples;
  private final int batchSize;
  private final Gate gate;
  private final String classes;

  /**
   * @param samples rows of hash and encoded sample, all of which are run
   * @param batchSize largest number of samples in a batch
   * @param gate required quality
   * @param classes as in {@code --classes}
   */
  public PlacementJob(
      SparkSession spark,
      ModelHandle model,
      Dataset<Row> samples,
      int batchSize,
      Gate gate,
      String classes) {
    this.spark = spark;
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
   * @throws TareException (bad input) if there is no sample
   */
  public Quality run(QuantPlan plan) {
    ComparedOutputs compared = ComparedOutputs.of(model, model);
    List<String> embeddings = EvaluateJob.embeddings(model, compared.numbers());
    SparkJobs.describe(spark, "place: " + plan.placement().orElse(plan.recipe()));
    List<Row> measured =
        samples
            .select("hash", "sample")
            .orderBy("hash")
            .coalesce(1)
            .mapPartitions(
                new PlacementTask(
                    model,
                    new ShippedPlan(model, plan),
                    compared.names(),
                    embeddings,
                    EvaluationBatch.size(model, compared, samples, batchSize),
                    SparkJobs.taskCpus(spark)),
                Encoders.row(PlacementTask.SCHEMA))
            .collectAsList();
    SparkJobs.describe(spark, null);
    if (measured.isEmpty()) {
      throw TareException.badInput("There is no sample to measure placements with");
    }
    Latency latency = LatencyTask.latency(measured.get(0).getStruct(0));
    Quality quality =
        new Summary(
                compared,
                ClassOutputs.of(model.parse(), compared.numbers(), classes),
                embeddings,
                measured.get(0).getList(1))
            .quality(gate, "");
    return quality.with(latency, quality.gate());
  }
}
