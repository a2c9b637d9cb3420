package dev.tare.jobs.evaluate;

import dev.tare.engine.tensor.Sample;
import dev.tare.jobs.SparkJobs;
import dev.tare.jobs.TareException;
import dev.tare.jobs.artifact.Latency;
import dev.tare.jobs.model.ModelHandle;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.apache.commons.io.FileUtils;
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
    int batch = EvaluationBatch.size(model, compared, samples, batchSize);
    SparkJobs.describe(spark, "evaluate: latency of both models");
    List<Row> measured =
        samples
            .select("hash", "sample")
            .orderBy("hash")
            .limit(SAMPLES)
            .coalesce(1)
            .mapPartitions(
                new LatencyTask(
                    model, quantized, compared.names(), batch, SparkJobs.taskCpus(spark)),
                Encoders.row(LatencyTask.SCHEMA))
            .collectAsList();
    SparkJobs.describe(spark, null);
    if (measured.isEmpty()) {
      throw noSample();
    }
    return LatencyTask.latency(measured.get(0));
  }

  /**
   * The same, in a runtime of the driver.
   *
   * @throws TareException (bad input) if there is no sample, or the runtime cannot run a model
   */
  Latency run(
      TargetRuntime runtime,
      ModelHandle model,
      ModelHandle quantized,
      Dataset<Row> samples,
      int batchSize)
      throws IOException {
    ComparedOutputs compared = ComparedOutputs.of(model, quantized);
    int batch = EvaluationBatch.size(model, compared, samples, batchSize);
    SparkJobs.describe(spark, "evaluate: samples to time both models");
    List<Sample> chosen =
        samples.select("hash", "sample").orderBy("hash").limit(SAMPLES).collectAsList().stream()
            .map(row -> Sample.decode(row.<byte[]>getAs("sample")))
            .toList();
    SparkJobs.describe(spark, null);
    if (chosen.isEmpty()) {
      throw noSample();
    }
    Path folder = Files.createTempDirectory("tare-latency");
    try {
      return runtime.latency(
          new TimedModels(
              model.parse(),
              TimedModels.written(model.prepared(), folder, "float"),
              quantized.path(),
              LatencyTask.batches(chosen, batch),
              SparkJobs.taskCpus(spark),
              LatencyTask.MOST_PAIRS,
              LatencyTask.LONGEST));
    } finally {
      FileUtils.deleteDirectory(folder.toFile());
    }
  }

  private static TareException noSample() {
    return TareException.badInput("There is no sample to measure the latency with");
  }
}
