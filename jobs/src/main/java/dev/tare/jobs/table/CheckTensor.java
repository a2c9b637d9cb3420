package dev.tare.jobs.table;

import dev.tare.engine.statistics.BlockKey;
import dev.tare.engine.statistics.ContentHash;
import dev.tare.engine.statistics.MergeableState;
import dev.tare.engine.statistics.StatisticsBlock;
import dev.tare.engine.statistics.TensorStatistics;
import dev.tare.jobs.TareException;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.TreeMap;
import org.apache.spark.api.java.function.FlatMapGroupsFunction;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/**
 * Checks all rows of one tensor: a row of digests for each of its blocks, then what a reader makes
 * of it. One shuffle serves both, and the number of channels is known without another.
 */
final class CheckTensor implements FlatMapGroupsFunction<String, Row, Row> {

  private static final long serialVersionUID = 1L;

  private final String modelSha256;
  private final TensorReader reader;

  CheckTensor(String modelSha256, TensorReader reader) {
    this.modelSha256 = modelSha256;
    this.reader = reader;
  }

  /** Rows of digests have no {@code made}, and rows of the reader nothing else. */
  static StructType schema(StructType made) {
    return new StructType()
        .add("tensor", DataTypes.StringType, true)
        .add("axis", DataTypes.IntegerType, true)
        .add("first_channel", DataTypes.IntegerType, true)
        .add("digest", DataTypes.BinaryType, true)
        .add("format_version", DataTypes.IntegerType, true)
        .add("made", made, true);
  }

  /** The rows of a block and the oldest version among them. */
  private static final class Part {
    final BlockRows<?> rows;
    int oldest;

    Part(StateTable<?> table) {
      this.rows = new BlockRows<>(table);
      this.oldest = table.newestVersion();
    }
  }

  @Override
  public Iterator<Row> call(String name, Iterator<Row> rows) {
    HistogramRows table = new HistogramRows();
    TreeMap<Integer, TreeMap<Integer, Part>> byAxis = new TreeMap<>();
    TreeMap<Integer, Integer> last = new TreeMap<>();
    while (rows.hasNext()) {
      Row row = rows.next();
      StatisticsTable.requirePlace(row, table);
      StatisticsTable.requireModel(row, modelSha256);
      int channel = Math.max(0, StatisticsTable.channel(row));
      int axis = StatisticsTable.axis(row);
      last.merge(axis, channel, Math::max);
      Part part =
          byAxis
              .computeIfAbsent(axis, a -> new TreeMap<>())
              .computeIfAbsent(channel / StatisticsBlock.CHANNELS_PER_BLOCK, b -> new Part(table));
      part.rows.add(row);
      part.oldest = Math.min(part.oldest, row.<Integer>getAs("format_version"));
    }
    List<Row> made = new ArrayList<>();
    List<StatisticsBlock> blocks = new ArrayList<>();
    byAxis.forEach(
        (axis, parts) ->
            parts
                .values()
                .forEach(
                    part -> {
                      MergeableState block = part.rows.block(last.get(axis) + 1);
                      blocks.add((StatisticsBlock) block);
                      BlockKey key = block.key();
                      made.add(
                          RowFactory.create(
                              key.tensor(),
                              key.axis(),
                              key.firstChannel(),
                              ContentHash.digest(block),
                              part.oldest,
                              null));
                    }));
    try {
      reader
          .read(TensorStatistics.ofBlocks(blocks))
          .forEach(row -> made.add(RowFactory.create(null, null, null, null, null, row)));
    } catch (IllegalArgumentException e) {
      throw TareException.badInput(
          "Cannot read statistics of tensor '%s': %s".formatted(name, e.getMessage()), e);
    }
    return made.iterator();
  }
}
