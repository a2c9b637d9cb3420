package dev.tare.jobs.input;

import java.nio.file.Path;
import java.util.HexFormat;
import java.util.List;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SaveMode;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.StructType;

/** One embedded Spark for all tests of a JVM. */
public final class LocalSpark {

  private LocalSpark() {}

  /** The session; a new one where a test had to stop the last. */
  public static SparkSession spark() {
    return SparkSession.builder()
        .master("local[2]")
        .appName("input")
        .config("spark.ui.enabled", "false")
        .config("spark.sql.shuffle.partitions", "2")
        .config("spark.sql.sources.parallelPartitionDiscovery.parallelism", "4")
        // As in conf/spark-defaults.conf.
        .config("spark.serializer", "org.apache.spark.serializer.KryoSerializer")
        .config("spark.sql.codegen.wholeStage", "false")
        .config("spark.sql.codegen.cache.maxEntries", "5000")
        .config("spark.sql.warehouse.dir", System.getProperty("java.io.tmpdir") + "/warehouse")
        .getOrCreate();
  }

  /** Stops the session, if there is one: the next has the settings of then. */
  public static void stop() {
    if (SparkSession.getDefaultSession().isDefined()) {
      SparkSession.getDefaultSession().get().stop();
    }
  }

  public static Dataset<Row> table(String ddl, Row... rows) {
    return spark().createDataFrame(List.of(rows), StructType.fromDDL(ddl));
  }

  public static String write(Dataset<Row> table, Path folder, int files) {
    table.repartition(files).write().mode(SaveMode.Overwrite).parquet(folder.toString());
    return folder.toString();
  }

  /** Appends one file with the rows in their order. */
  public static String append(Dataset<Row> table, Path folder) {
    table.coalesce(1).write().mode(SaveMode.Append).parquet(folder.toString());
    return folder.toString();
  }

  static List<String> hashes(Dataset<Row> samples) {
    return samples
        .select(SampleRows.HASH)
        .map(
            (org.apache.spark.api.java.function.MapFunction<Row, String>)
                row -> HexFormat.of().formatHex((byte[]) row.get(0)),
            Encoders.STRING())
        .collectAsList()
        .stream()
        .sorted()
        .toList();
  }

  static Path assets() {
    return Path.of(System.getProperty("tare.assets"));
  }
}
