package dev.tare.jobs.table;

import dev.tare.engine.statistics.ContentHash;
import dev.tare.engine.statistics.TensorStatistics;
import dev.tare.jobs.TareException;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
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

  @Override
  public Iterator<Row> call(String name, Iterator<Row> rows) {
    TensorRows tensor = new TensorRows(modelSha256);
    rows.forEachRemaining(tensor::add);
    return made(name, tensor, reader).iterator();
  }

  /**
   * Returns the rows of digests of a tensor, and those of a reader.
   *
   * @throws TareException (bad input) if the tensor's rows contradict each other
   */
  static List<Row> made(String name, TensorRows rows, TensorReader reader) {
    List<Row> made = new ArrayList<>();
    TensorStatistics statistics =
        rows.statistics(
            name,
            (block, oldest) ->
                made.add(
                    RowFactory.create(
                        block.key().tensor(),
                        block.key().axis(),
                        block.key().firstChannel(),
                        ContentHash.digest(block),
                        oldest,
                        null)));
    try {
      reader
          .read(statistics)
          .forEach(row -> made.add(RowFactory.create(null, null, null, null, null, row)));
    } catch (IllegalArgumentException e) {
      throw TensorRows.unreadable(name, e);
    }
    return made;
  }
}
