package dev.tare.jobs.table;

import dev.tare.jobs.Concurrently;
import dev.tare.jobs.TareException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.Row;

/**
 * Reads and checks small statistics in this JVM. A job would decode each bin into an object of its
 * own and shuffle it: of the statistics of a model of 20 million weights that takes four seconds,
 * and this one.
 */
final class LocalStatistics {

  /** Decoded, a byte takes less than another one, and pages are decoded one after the other. */
  private static final int SHARE_OF_HEAP = 8;

  private static final long MOST = 256L << 20;

  private LocalStatistics() {}

  /** Bytes of the largest table for which this JVM has room. */
  static long room() {
    return Math.min(MOST, Runtime.getRuntime().maxMemory() / SHARE_OF_HEAP);
  }

  /**
   * Reads a table, whose columns were checked: files at the same time, then tensors.
   *
   * @param modelSha256 the model that every row must name
   * @return rows of {@link CheckTensor#schema}; what the reader made is as it made it
   * @throws TareException (bad input) if the table is damaged or contradicts itself
   */
  static List<Row> read(
      Path folder, Configuration hadoop, String modelSha256, TensorReader reader) {
    Map<String, TensorRows> tensors = new TreeMap<>();
    Concurrently.map(ParquetColumns.files(folder, hadoop), file -> rows(file, hadoop, modelSha256))
        .forEach(
            rows ->
                rows.forEach(
                    (name, own) ->
                        tensors
                            .computeIfAbsent(name, n -> new TensorRows(modelSha256))
                            .addAll(own)));
    List<Row> made = new ArrayList<>();
    Concurrently.map(
            List.copyOf(tensors.entrySet()),
            tensor -> CheckTensor.made(tensor.getKey(), tensor.getValue(), reader))
        .forEach(made::addAll);
    return made;
  }

  private static Map<String, TensorRows> rows(Path file, Configuration hadoop, String sha256) {
    Map<String, TensorRows> tensors = new TreeMap<>();
    try {
      LocalParquet.forEach(
          file,
          StatisticsTable.SCHEMA,
          StatisticsTable.SINCE_VERSION_2,
          hadoop,
          row -> {
            String name = row.getAs("tensor");
            // A row without a name is refused by its place.
            tensors.computeIfAbsent(name == null ? "" : name, n -> new TensorRows(sha256)).add(row);
          });
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return tensors;
  }
}
