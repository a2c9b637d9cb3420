package dev.tare.jobs.input;

import java.util.List;
import org.apache.spark.sql.SparkSession;

/** Settings under which Spark would leave data out without a word. */
final class ReadSettings {

  private static final List<String> LOSSY =
      List.of(
          "spark.sql.files.ignoreCorruptFiles",
          "spark.sql.files.ignoreMissingFiles",
          "spark.files.ignoreCorruptFiles",
          "spark.files.ignoreMissingFiles");

  private ReadSettings() {}

  /**
   * @throws InputException naming the setting
   */
  static void requireStrict(SparkSession spark) {
    for (String key : LOSSY) {
      if (Boolean.parseBoolean(spark.conf().get(key, "false"))) {
        throw new InputException(
            key + "=true would drop rows without a word: set it to false to read data");
      }
    }
  }
}
