package dev.tare.jobs.calibrate;

import dev.tare.engine.infer.BatchProbe;
import dev.tare.engine.infer.InferenceOptions;
import dev.tare.engine.infer.OptimizationLevel;
import dev.tare.engine.infer.SharedInference;
import dev.tare.engine.tensor.Sample;
import dev.tare.jobs.SparkJobs;
import dev.tare.jobs.TareException;
import dev.tare.jobs.model.ModelSignature;
import dev.tare.jobs.table.MergeStates;
import dev.tare.jobs.table.StatisticsStore;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedSet;
import java.util.TreeSet;
import org.apache.hadoop.fs.Path;
import org.apache.spark.api.java.function.MapFunction;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.functions;
import org.apache.spark.storage.StorageLevel;

/**
 * Runs samples through the float model and writes the statistics table.
 *
 * <p>Law: {@code content-sha256} of the table is a function of the multiset of samples and of what
 * is observed. Partitions, batch size, order, retries and the size of the cluster do not enter.
 */
public final class CalibrateJob {

  /** Samples that one task should run at most, so that a lost executor costs little. */
  private static final long SAMPLES_PER_TASK = 8192;

  private static final int PROBE_SAMPLES = 4;

  private final SparkSession spark;

  public CalibrateJob(SparkSession spark) {
    this.spark = spark;
  }

  /**
   * Calibrates.
   *
   * @param samples rows of hash, encoded sample, and the file and row that it was read from; read
   *     several times
   * @param expected number of samples, checked against what the tasks ran
   * @param folder where the table goes
   * @throws TareException (bad input) if nothing can be observed, or the model cannot run a sample
   */
  public CalibrateResult run(
      CalibrateRequest request, Dataset<Row> samples, long expected, Path folder, String runId) {
    List<ObservedTensor> observed = Observations.resolve(request);
    SortedSet<String> names = new TreeSet<>();
    observed.forEach(o -> names.add(o.tensor()));
    int threads = SparkJobs.taskCpus(spark);

    SparkJobs.describe(spark, "calibrate: probe batches of " + request.batchSize());
    int batchSize = probe(request, samples, names, threads);

    SparkJobs.describe(
        spark, "calibrate: run %d samples, observe %d tensors".formatted(expected, names.size()));
    Dataset<Row> merged =
        samples
            .select(CalibrateTask.COLUMNS)
            .repartition(partitions(request, expected), functions.col("hash"))
            .mapPartitions(
                new CalibrateTask(request.model(), observed, batchSize, threads),
                StatisticsStore.stateEncoder())
            .groupByKey((MapFunction<Row, String>) row -> row.getString(0), Encoders.STRING())
            .flatMapGroups(new MergeStates(), StatisticsStore.stateEncoder())
            .persist(StorageLevel.MEMORY_AND_DISK());
    try {
      List<TaskReport> reports = reports(merged);
      checkEnvironments(reports);
      checkSamples(reports, expected);
      SparkJobs.describe(spark, "calibrate: write statistics");
      Dataset<Row> states = merged.filter(functions.col("key").notEqual(MergeStates.REPORT_KEY));
      StatisticsStore.Written written =
          StatisticsStore.write(states, folder, runId, request.model().sha256());
      return CalibrateResult.of(
          written, reports, request.batchSize(), batchSize, OptimizationLevel.ALL);
    } finally {
      merged.unpersist();
      SparkJobs.describe(spark, null);
    }
  }

  private int partitions(CalibrateRequest request, long expected) {
    long tasks =
        Math.max(
            SparkJobs.parallelism(spark), (expected + SAMPLES_PER_TASK - 1) / SAMPLES_PER_TASK);
    return request.partitions().orElse((int) Math.min(tasks, Integer.MAX_VALUE));
  }

  private int probe(
      CalibrateRequest request, Dataset<Row> samples, SortedSet<String> names, int threads) {
    if (request.batchSize() == 1 || !ModelSignature.batchable(request.model().parse())) {
      return 1;
    }
    List<Sample> probes = new ArrayList<>();
    for (Row row : samples.orderBy("hash").limit(PROBE_SAMPLES).select("sample").collectAsList()) {
      probes.add(Sample.decode(row.getAs("sample")));
    }
    try (SharedInference.Lease lease =
        SharedInference.lease(request.model().exposing(names), InferenceOptions.of(threads))) {
      return BatchProbe.largestSafe(
          lease.inference(), List.copyOf(names), probes, request.batchSize());
    }
  }

  private static List<TaskReport> reports(Dataset<Row> merged) {
    List<TaskReport> reports = new ArrayList<>();
    for (Row row :
        merged
            .filter(functions.col("key").equalTo(MergeStates.REPORT_KEY))
            .select("state")
            .collectAsList()) {
      reports.add(TaskReport.decode(row.getAs("state")));
    }
    return reports;
  }

  private static void checkEnvironments(List<TaskReport> reports) {
    SortedSet<String> environments = new TreeSet<>();
    reports.forEach(
        r -> environments.add("ONNX Runtime " + r.runtime() + " on " + r.cpuFeatures()));
    if (environments.size() > 1) {
      throw TareException.badInput(
          "Executors differ, and with them the bits of activations: "
              + String.join(" vs ", environments)
              + ". Use machines of one kind.");
    }
  }

  private static void checkSamples(List<TaskReport> reports, long expected) {
    long ran = reports.stream().mapToLong(TaskReport::samples).sum();
    if (ran != expected) {
      throw TareException.badInput(
          "The data changed while it was read: %d samples at first, %d in calibration"
              .formatted(expected, ran));
    }
  }
}
