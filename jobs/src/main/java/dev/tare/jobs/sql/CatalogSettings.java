package dev.tare.jobs.sql;

import java.util.Optional;
import org.apache.spark.sql.SparkSession;
import scala.jdk.javaapi.OptionConverters;

/**
 * Settings of a catalog, which a session may change after the catalog was made.
 *
 * @param catalog its name
 */
record CatalogSettings(String catalog) {

  /** The setting that an option of the catalog is. */
  String key(String option) {
    return "spark.sql.catalog." + catalog + "." + option;
  }

  /**
   * The value in a session.
   *
   * @param made the value with which the catalog was made, for a session that has none
   */
  Optional<String> in(SparkSession spark, String option, Optional<String> made) {
    return OptionConverters.toJava(spark.conf().getOption(key(option))).or(() -> made);
  }
}
