package dev.tare.jobs.relation;

import java.net.URI;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/**
 * Which version a table has and where it is, asked in SQL, so that no format's library is needed.
 */
final class TableVersion {

  /** Queries by the provider that {@code DESCRIBE} names; the first column is the version. */
  private static final Map<String, String> QUERIES =
      Map.of(
          "iceberg", "SELECT snapshot_id FROM %s.refs WHERE name = 'main'",
          "delta", "DESCRIBE HISTORY %s LIMIT 1");

  private TableVersion() {}

  /**
   * The current version.
   *
   * @param name as SQL writes it
   * @return empty for views and for formats that keep no versions
   */
  static Optional<String> current(SparkSession spark, String name) {
    try {
      Map<String, String> facts = described(spark, name);
      String provider = facts.getOrDefault("provider", "").toLowerCase(Locale.ROOT);
      String query = QUERIES.get(provider);
      if (query == null) {
        return Optional.empty();
      }
      List<Row> rows = spark.sql(query.formatted(name)).collectAsList();
      return rows.isEmpty() ? Optional.empty() : Optional.of(String.valueOf(rows.get(0).get(0)));
    } catch (Exception e) {
      // Reading the table itself says what is wrong with it.
      return Optional.empty();
    }
  }

  /**
   * The folder of the table's files.
   *
   * @param name as SQL writes it
   * @return empty for views and for tables that do not tell it
   */
  static Optional<URI> place(SparkSession spark, String name) {
    try {
      return Optional.ofNullable(described(spark, name).get("location"))
          .filter(location -> !location.isBlank())
          .map(location -> new Path(location).toUri());
    } catch (Exception e) {
      return Optional.empty();
    }
  }

  private static Map<String, String> described(SparkSession spark, String name) {
    Map<String, String> facts = new TreeMap<>();
    for (Row row : spark.sql("DESCRIBE TABLE EXTENDED " + name).collectAsList()) {
      facts.putIfAbsent(row.getString(0).toLowerCase(Locale.ROOT), row.getString(1));
    }
    return facts;
  }
}
