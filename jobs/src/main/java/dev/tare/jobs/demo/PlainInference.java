package dev.tare.jobs.demo;

import dev.tare.engine.infer.Batcher;
import dev.tare.engine.infer.InferenceOptions;
import dev.tare.engine.infer.Runner;
import dev.tare.engine.infer.SharedInference;
import dev.tare.engine.tensor.Sample;
import dev.tare.jobs.SparkJobs;
import dev.tare.jobs.model.ModelHandle;
import dev.tare.jobs.model.Sessions;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import org.apache.spark.api.java.function.MapPartitionsFunction;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.functions;

/**
 * Runs the same samples through the float model without observing, for comparison with calibration.
 */
public final class PlainInference {

  private PlainInference() {}

  /**
   * Runs the float model over the samples.
   *
   * @param samples rows of hash and encoded sample
   * @return nanoseconds inside ONNX Runtime, summed over tasks
   */
  public static long nanos(
      SparkSession spark, ModelHandle model, Dataset<Row> samples, int batchSize) {
    SparkJobs.describe(spark, "plain inference, for comparison");
    List<Long> nanos =
        samples
            .select("hash", "sample")
            .repartition(SparkJobs.parallelism(spark), functions.col("hash"))
            .mapPartitions(new Task(model, batchSize, SparkJobs.taskCpus(spark)), Encoders.LONG())
            .collectAsList();
    SparkJobs.describe(spark, null);
    return nanos.stream().mapToLong(Long::longValue).sum();
  }

  private static final class Task implements MapPartitionsFunction<Row, Long> {

    private static final long serialVersionUID = 1L;

    private final ModelHandle model;
    private final int batchSize;
    private final int threads;

    Task(ModelHandle model, int batchSize, int threads) {
      this.model = model;
      this.batchSize = batchSize;
      this.threads = threads;
    }

    @Override
    public Iterator<Long> call(Iterator<Row> samples) {
      long[] nanos = new long[1];
      try (SharedInference.Lease lease =
          Sessions.lease(model.file(), InferenceOptions.of(threads))) {
        Runner runner = lease.session().runner(new ArrayList<>(lease.session().floatOutputs()));
        Batcher<Sample> batcher =
            new Batcher<>(
                batchSize,
                sample -> sample,
                batch -> {
                  long start = System.nanoTime();
                  runner.run(batch, (tensor, floats, shape) -> {});
                  nanos[0] += System.nanoTime() - start;
                });
        while (samples.hasNext()) {
          batcher.add(Sample.decode(samples.next().getAs(1)));
        }
        batcher.flush();
      }
      return List.of(nanos[0]).iterator();
    }
  }
}
