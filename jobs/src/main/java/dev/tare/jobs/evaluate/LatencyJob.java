package dev.tare.jobs.evaluate;

import dev.tare.jobs.SparkJobs;
import dev.tare.jobs.TareException;
import dev.tare.jobs.artifact.Latency;
import dev.tare.jobs.model.ModelHandle;
import java.util.List;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/**
 * Measures how long the float and the quantized model take, in a single task, so that nothing of
 * this job disturbs it. Costs up to about a minute on one executor.
 */
final class LatencyJob {

  /** Samples of the lowest hashes that batches are made of. */
  private static final int SAMPLES = 64;

  private final SparkSession spark;

  LatencyJob(SparkSession spark) {
    this.spark = spark;
  }

  /**
   * @param samples rows of hash and encoded sample
   * @throws TareException (bad input) if there is no sample
   */
  Latency run(ModelHandle model, ModelHandle quantized, Dataset<Row> samples, int batchSize) {
    ComparedOutputs compared = ComparedOutputs.of(model, quantized);
    SparkJobs.describe(spark, "evaluate: latency of both models");
    List<Row> measured =
        samples
            .select("hash", "sample")
            .orderBy("hash")
            .limit(SAMPLES)
            .coalesce(1)
            .mapPartitions(
                new LatencyTask(
                    model,
                    quantized,
                    compared.names(),
                    EvaluationBatch.size(model, compared, samples, batchSize),
                    SparkJobs.taskCpus(spark)),
                Encoders.row(LatencyTask.SCHEMA))
            .collectAsList();
    SparkJobs.describe(spark, null);
    if (measured.isEmpty()) {
      throw TareException.badInput("There is no sample to measure the latency with");
    }
    return LatencyTask.latency(measured.get(0));
  }
}
