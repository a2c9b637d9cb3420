package dev.tare.jobs.table;

import dev.tare.engine.statistics.Statistics;
import dev.tare.engine.statistics.StatisticsBlock;
import dev.tare.engine.statistics.TensorStatistics;
import dev.tare.jobs.TareException;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import java.util.function.ObjIntConsumer;
import org.apache.spark.sql.Row;

/** The rows of one tensor's statistics, in any order, until all are there. Not thread-safe. */
final class TensorRows {

  /** The rows of a block and the oldest version among them. */
  private static final class Part {
    final BlockRows<Statistics> rows;
    int oldest;

    Part(HistogramRows table) {
      this.rows = new BlockRows<>(table);
      this.oldest = table.newestVersion();
    }
  }

  private final HistogramRows table = new HistogramRows();
  private final TreeMap<Integer, TreeMap<Integer, Part>> byAxis = new TreeMap<>();
  private final TreeMap<Integer, Integer> last = new TreeMap<>();
  private final String modelSha256;

  /**
   * @param modelSha256 the model that every row must name
   */
  TensorRows(String modelSha256) {
    this.modelSha256 = modelSha256;
  }

  /**
   * Adds a row.
   *
   * @throws TareException (bad input) if it contradicts itself, is of another model, or is the
   *     second of its channel
   */
  void add(Row row) {
    StatisticsTable.requirePlace(row, table);
    StatisticsTable.requireModel(row, modelSha256);
    int channel = Math.max(0, StatisticsTable.channel(row));
    Part part = part(StatisticsTable.axis(row), channel);
    part.rows.add(row);
    part.oldest = Math.min(part.oldest, row.<Integer>getAs("format_version"));
  }

  /**
   * Adds the rows of another part of the table.
   *
   * @throws TareException (bad input) if both have one of the same channel
   */
  void addAll(TensorRows other) {
    other.byAxis.forEach(
        (axis, parts) ->
            parts
                .values()
                .forEach(
                    added -> {
                      Part own = part(axis, added.rows.lastChannel());
                      own.rows.addAll(added.rows);
                      own.oldest = Math.min(own.oldest, added.oldest);
                    }));
  }

  private Part part(int axis, int channel) {
    last.merge(axis, channel, Math::max);
    return byAxis
        .computeIfAbsent(axis, a -> new TreeMap<>())
        .computeIfAbsent(channel / StatisticsBlock.CHANNELS_PER_BLOCK, b -> new Part(table));
  }

  /**
   * Builds the statistics of the tensor.
   *
   * @param each receives every block, and the oldest version among its rows
   * @throws TareException (bad input) if rows are missing between others, or contradict each other
   */
  TensorStatistics statistics(String tensor, ObjIntConsumer<StatisticsBlock> each) {
    List<StatisticsBlock> blocks = new ArrayList<>();
    byAxis.forEach(
        (axis, parts) ->
            parts
                .values()
                .forEach(
                    part -> {
                      StatisticsBlock block = (StatisticsBlock) part.rows.block(last.get(axis) + 1);
                      blocks.add(block);
                      each.accept(block, part.oldest);
                    }));
    try {
      return TensorStatistics.ofBlocks(blocks);
    } catch (IllegalArgumentException e) {
      throw unreadable(tensor, e);
    }
  }

  static TareException unreadable(String tensor, IllegalArgumentException e) {
    return TareException.badInput(
        "Cannot read statistics of tensor '%s': %s".formatted(tensor, e.getMessage()), e);
  }
}
