package dev.tare.jobs.table;

import dev.tare.engine.statistics.TensorStatistics;
import java.io.Serializable;
import java.util.List;
import org.apache.spark.sql.Row;

/**
 * What a stage makes of a tensor's statistics while they are checked: on an executor, or in this
 * JVM, where several threads call one reader at the same time. So readers are thread-safe.
 */
@FunctionalInterface
public interface TensorReader extends Serializable {

  /**
   * Returns few and short rows: the driver collects them.
   *
   * @param statistics of one tensor, with its channels
   */
  List<Row> read(TensorStatistics statistics);
}
