package dev.tare.jobs.table;

import dev.tare.engine.statistics.BlockKey;
import dev.tare.engine.statistics.MergeableState;
import dev.tare.jobs.TareException;
import java.util.List;
import java.util.TreeMap;
import org.apache.spark.sql.Row;

/**
 * The rows of one block, in any order, until all are there. Not thread-safe; confined to one Spark
 * task.
 *
 * @param <T> what a row becomes
 */
final class BlockRows<T> {

  private final StateTable<T> table;
  private final TreeMap<Integer, T> byChannel = new TreeMap<>();
  private String tensor = "";
  private int axis = BlockKey.WHOLE;

  BlockRows(StateTable<T> table) {
    this.table = table;
  }

  /**
   * Adds a row whose place was checked.
   *
   * @throws TareException (bad input) if it cannot be read, or is the second of its channel
   */
  void add(Row row) {
    tensor = row.getString(row.fieldIndex("tensor"));
    axis = StatisticsTable.axis(row);
    if (byChannel.put(StatisticsTable.channel(row), table.read(row)) != null) {
      throw StatisticsTable.unreadable(row, "there are two rows of it");
    }
  }

  /**
   * Adds the rows of another part of the table.
   *
   * @throws TareException (bad input) if both have one of the same channel
   */
  void addAll(BlockRows<T> other) {
    tensor = other.tensor;
    axis = other.axis;
    other.byChannel.forEach(
        (channel, row) -> {
          if (byChannel.put(channel, row) != null) {
            throw TareException.badInput(
                "Cannot read statistics of tensor '%s'%s: there are two rows of it"
                    .formatted(tensor, channel < 0 ? "" : ", channel " + channel));
          }
        });
  }

  /** The highest channel so far; 0 where there is the row of the whole tensor. */
  int lastChannel() {
    return Math.max(0, byChannel.lastKey());
  }

  /**
   * Builds the block.
   *
   * @param channels of the tensor along the axis
   * @throws TareException (bad input) if rows are missing between others, or contradict each other
   */
  MergeableState block(int channels) {
    int first = Math.max(0, byChannel.firstKey());
    int last = Math.max(0, byChannel.lastKey());
    try {
      if (last - first + 1 != byChannel.size()) {
        throw new IllegalArgumentException(
            "%d rows for the channels from %d to %d".formatted(byChannel.size(), first, last));
      }
      return table.block(
          new BlockKey(tensor, axis, first), channels, List.copyOf(byChannel.values()));
    } catch (IllegalArgumentException e) {
      throw TareException.badInput(
          "Cannot read statistics of tensor '%s': %s".formatted(tensor, e.getMessage()), e);
    }
  }
}
