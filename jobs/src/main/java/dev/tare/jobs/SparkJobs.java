package dev.tare.jobs;

import org.apache.hadoop.conf.Configuration;
import org.apache.spark.sql.SparkSession;

/**
 * The one place that touches SparkContext: job descriptions that read like the README, and what the
 * cluster offers.
 */
public final class SparkJobs {

  private SparkJobs() {}

  /** Describes the jobs that follow on this thread, for Spark's UI. */
  public static void describe(SparkSession spark, String description) {
    spark.sparkContext().setJobDescription(description);
  }

  /** Settings of file systems, {@code spark.hadoop.*} included. */
  public static Configuration hadoop(SparkSession spark) {
    return spark.sparkContext().hadoopConfiguration();
  }

  /** Tasks that can run at once now. */
  public static int parallelism(SparkSession spark) {
    return Math.max(1, spark.sparkContext().defaultParallelism());
  }

  /** Cores that one task may use: ONNX Runtime's threads. */
  public static int taskCpus(SparkSession spark) {
    return spark.sparkContext().conf().getInt("spark.task.cpus", 1);
  }
}
