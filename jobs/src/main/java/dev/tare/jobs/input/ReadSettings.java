package dev.tare.jobs.input;

import java.util.List;
import org.apache.spark.sql.SparkSession;

/** Spark settings that reading depends on. */
final class ReadSettings {

  private static final List<String> LOSSY =
      List.of(
          "spark.sql.files.ignoreCorruptFiles",
          "spark.sql.files.ignoreMissingFiles",
          "spark.files.ignoreCorruptFiles",
          "spark.files.ignoreMissingFiles");

  private static final String BATCH_ROWS = "spark.sql.parquet.columnarReaderBatchSize";

  /** Memory that one task may use for rows that it reads ahead. */
  private static final long BATCH_BYTES = 64L << 20;

  private ReadSettings() {}

  /**
   * Lowers the number of rows that Spark's reader has in memory at once, in this session, so that
   * rows of images or long sequences fit: its own default of 4096 rows is 2.4 GB for rows of 600
   * kB.
   */
  static void limitBatches(SparkSession spark, long bytesPerRow) {
    long fitting = Math.max(1, BATCH_BYTES / Math.max(1, bytesPerRow));
    if (fitting < Long.parseLong(spark.conf().get(BATCH_ROWS))) {
      spark.conf().set(BATCH_ROWS, fitting);
    }
  }

  /**
   * @throws InputException naming the setting
   */
  static void requireStrict(SparkSession spark) {
    for (String key : LOSSY) {
      if (Boolean.parseBoolean(spark.conf().get(key, "false"))) {
        throw new InputException(
            key + "=true would drop rows silently: set it to false to read data");
      }
    }
  }
}
