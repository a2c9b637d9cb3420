package dev.tare.jobs.table;

import dev.tare.engine.statistics.BlockKey;
import dev.tare.engine.statistics.MergeableState;
import dev.tare.engine.statistics.StateKind;
import dev.tare.jobs.artifact.Part;
import java.util.List;
import java.util.Set;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.types.StructType;

/**
 * The table of the states of one kind: a row for the whole tensor, with {@code channel} null, and
 * one for each channel; of Gram matrices only those. All begin with {@code format_version, run_id,
 * model_sha256, tensor, axis, channel}.
 *
 * @param <T> the part of a state in a row
 */
interface StateTable<T> {

  /** Returns the table of a kind. */
  static StateTable<?> of(StateKind kind) {
    return switch (kind) {
      case HISTOGRAM -> new HistogramRows();
      case MOMENTS -> new MomentsTable();
      case GRAM -> new GramTable();
      case PAIRS ->
          throw new IllegalArgumentException(
              "Paired sums are of one plan and end with its compensation: no table has them");
      case FOLDS -> new FoldsTable();
    };
  }

  /** Returns the part of a run that is the table. */
  Part part();

  /** Columns of the newest version. */
  StructType schema();

  /** Columns that a table of an older version may lack; none where there is no older version. */
  default Set<String> optional() {
    return Set.of();
  }

  default int oldestVersion() {
    return newestVersion();
  }

  int newestVersion();

  /** Returns the rows of a block, sorted by channel. */
  List<Row> toRows(MergeableState block, String runId, String modelSha256);

  /**
   * Reads a row.
   *
   * @throws dev.tare.jobs.TareException (bad input) if it contradicts itself
   */
  T read(Row row);

  /**
   * Builds a block from rows.
   *
   * @throws IllegalArgumentException if they do not form one
   */
  MergeableState block(BlockKey key, int channels, List<T> rows);
}
