package dev.tare.jobs.calibrate;

import dev.tare.engine.statistics.StateKind;
import dev.tare.jobs.SparkJobs;
import dev.tare.jobs.TaskHeap;
import dev.tare.jobs.model.ModelHandle;
import dev.tare.jobs.table.StateRow;
import dev.tare.jobs.table.StatisticsStore;
import java.util.Optional;
import java.util.SortedSet;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.functions;
import org.apache.spark.storage.StorageLevel;

/**
 * The second pass of a calibration: Gram matrices of the inputs of products, under scales that are
 * known before.
 *
 * <p>Law: the table's content is a function of the samples and the scales.
 */
final class GramJob {

  /**
   * What the pass reads.
   *
   * @param samples rows of hash and encoded sample
   * @param count how many there are
   * @param scales folder of a table of statistics; empty for that of the first pass
   */
  record Input(Dataset<Row> samples, long count, Optional<Path> scales) {}

  private final SparkSession spark;

  GramJob(SparkSession spark) {
    this.spark = spark;
  }

  /**
   * Runs the samples and writes the table.
   *
   * @param exposed the tensors that the first pass observed
   * @param batchSize that of the first pass
   */
  StatisticsStore.Written run(
      ModelHandle model,
      SortedSet<String> exposed,
      GramPlan plan,
      int batchSize,
      Input input,
      Path folder,
      String runId) {
    TaskHeap heap = SparkJobs.taskHeap(spark);
    SparkJobs.describe(
        spark,
        "calibrate: run %d samples, multiply the channels of inputs for %d matrices"
            .formatted(input.count(), plan.scales().size()));
    // A task sends all its matrices, so there are no more of them than run at once.
    int partitions = (int) Math.max(1, Math.min(SparkJobs.parallelism(spark), input.count()));
    GramTask task = new GramTask(model, exposed, plan, heap, batchSize, SparkJobs.taskCpus(spark));
    Dataset<Row> merged =
        StateRow.merged(
                input
                    .samples()
                    .select("hash", "sample")
                    .repartition(partitions, functions.col("hash"))
                    .select("sample")
                    .mapPartitions(task, StateRow.encoder()))
            .persist(StorageLevel.MEMORY_AND_DISK());
    try {
      return StatisticsStore.write(StateKind.GRAM, merged, folder, runId, model.sha256());
    } finally {
      merged.unpersist();
      SparkJobs.describe(spark, null);
    }
  }
}
