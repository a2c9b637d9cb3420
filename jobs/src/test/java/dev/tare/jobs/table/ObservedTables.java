package dev.tare.jobs.table;

import dev.tare.engine.observe.Observer;
import dev.tare.engine.observe.ObserverOptions;
import dev.tare.engine.statistics.StatisticsBlock;
import dev.tare.engine.tensor.Shape;
import dev.tare.jobs.input.LocalSpark;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.Row;

/** Tables of statistics of values that a test names. */
public final class ObservedTables {

  private ObservedTables() {}

  /**
   * Observes each tensor's values as a whole and writes the table.
   *
   * @param partitions how many tasks write it
   * @return its content hash
   */
  public static String write(
      java.nio.file.Path folder, int partitions, Map<String, float[]> tensors) {
    List<Row> rows = new ArrayList<>();
    tensors.forEach(
        (name, values) -> {
          Observer observer = Observer.create(name, ObserverOptions.ofWhole());
          observer.observe(FloatBuffer.wrap(values), Shape.of(values.length));
          for (StatisticsBlock block : observer.statistics().toBlocks()) {
            rows.add(StateRow.of(block));
          }
        });
    return StatisticsStore.write(
            LocalSpark.spark().createDataFrame(rows, StateRow.SCHEMA).repartition(partitions),
            new Path(folder.toUri()),
            "run-1",
            "ab")
        .contentSha256();
  }
}
