package dev.tare.jobs.table;

import dev.tare.jobs.SparkJobs;
import dev.tare.jobs.TareException;
import java.util.Set;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.StructType;

/**
 * Reads tables of runs so that damage is an error: pages are compared with their checksums, and a
 * damaged or missing file fails the job, whatever the session's settings.
 *
 * <p>Paths are literal. Spark treats a path with one of {@code [ ] { } * ? \} as a pattern, and
 * could read another run than the checked one.
 */
public final class CheckedParquet {

  /** Spark's internal option to read catalog tables from literal paths. */
  private static final String PATTERNS = "__globPaths__";

  private CheckedParquet() {}

  /**
   * A table with all columns of a schema.
   *
   * @param folders its folders, at least one
   * @throws TareException (bad input) if a file lacks a column or its type differs
   */
  public static Dataset<Row> read(SparkSession spark, StructType schema, Path... folders) {
    return read(spark, schema, Set.of(), folders);
  }

  /**
   * A table that may be of an older version.
   *
   * @param optional columns that a file may lack, read as null
   */
  static Dataset<Row> read(
      SparkSession spark, StructType schema, Set<String> optional, Path... folders) {
    String[] places = new String[folders.length];
    for (int i = 0; i < folders.length; i++) {
      ParquetColumns.require(folders[i], schema, optional, SparkJobs.hadoop(spark));
      places[i] = folders[i].toString();
    }
    return spark
        .read()
        .schema(schema)
        .option(PATTERNS, "false")
        .option("parquet.page.verify-checksum.enabled", "true")
        .option("ignoreCorruptFiles", "false")
        .option("ignoreMissingFiles", "false")
        .parquet(places);
  }
}
