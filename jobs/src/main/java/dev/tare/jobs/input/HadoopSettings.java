package dev.tare.jobs.input;

import org.apache.hadoop.conf.Configuration;
import org.apache.spark.sql.SparkSession;
import scala.jdk.javaapi.CollectionConverters;

/** Spark's settings as its own readers see them: the session's, and {@code spark.hadoop.*}. */
final class HadoopSettings {

  private static final String PREFIX = "spark.hadoop.";

  private HadoopSettings() {}

  static Configuration of(SparkSession spark) {
    Configuration configuration = new Configuration();
    CollectionConverters.asJava(spark.conf().getAll())
        .forEach(
            (key, value) -> {
              if (value != null) {
                configuration.set(
                    key.startsWith(PREFIX) ? key.substring(PREFIX.length()) : key, value);
              }
            });
    return configuration;
  }
}
