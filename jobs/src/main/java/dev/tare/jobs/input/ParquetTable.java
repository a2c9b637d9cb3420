package dev.tare.jobs.input;

import java.net.URI;
import java.util.Map;
import java.util.Optional;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.functions;
import org.apache.spark.sql.types.StructType;

/**
 * Selected columns of Parquet files with each row's file and position; checksums of pages are
 * verified.
 */
final class ParquetTable {

  static final Column FILE = functions.col("_metadata.file_path");
  static final Column ROW = functions.col("_metadata.row_index");

  private ParquetTable() {}

  /** Decodes the path in a value of {@link #FILE}, which Spark encodes as a URI. */
  static String path(String file) {
    return file.indexOf('%') < 0 ? file : new Path(URI.create(file)).toString();
  }

  /** Where a row was read, its first column: a path, or the name of a relation. */
  static String file(Row row) {
    return row.isNullAt(1) ? row.getString(0) : path(row.getString(0));
  }

  /** The position of a row, its second column; rows of relations have none. */
  static Optional<Long> position(Row row) {
    return row.isNullAt(1) ? Optional.empty() : Optional.of(row.getLong(1));
  }

  static Column column(String name) {
    return functions.col("`" + name.replace("`", "``") + "`");
  }

  static Dataset<Row> read(SparkSession spark, DataFiles data, Map<String, ColumnType> columns) {
    StructType schema = new StructType();
    for (Map.Entry<String, ColumnType> entry : columns.entrySet()) {
      schema = schema.add(entry.getKey(), entry.getValue().sparkType(), true);
    }
    return spark
        .read()
        .schema(schema)
        .option("parquet.page.verify-checksum.enabled", "true")
        .option("recursiveFileLookup", "true")
        .parquet(data.literals());
  }
}
