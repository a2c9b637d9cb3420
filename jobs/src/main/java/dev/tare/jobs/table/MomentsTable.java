package dev.tare.jobs.table;

import dev.tare.engine.statistics.BlockKey;
import dev.tare.engine.statistics.MergeableState;
import dev.tare.engine.statistics.Moments;
import dev.tare.engine.statistics.MomentsBlock;
import dev.tare.jobs.artifact.Part;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/**
 * The table of exact moments, format version 1: one row per tensor, with {@code channel} null, and
 * one per channel.
 *
 * <p>{@code count} is the number of finite values, {@code others} that of NaNs and infinities.
 * {@code sum} and {@code sum_squares} are integers in two's complement, highest byte first, in
 * units of 2^-149 and 2^-298; {@code mean} and {@code variance} follow from them and are null
 * without finite values.
 */
public final class MomentsTable implements StateTable<Moments> {

  public static final int FORMAT_VERSION = 1;

  public static final StructType SCHEMA =
      new StructType()
          .add("format_version", DataTypes.IntegerType, false)
          .add("run_id", DataTypes.StringType, false)
          .add("model_sha256", DataTypes.StringType, false)
          .add("tensor", DataTypes.StringType, false)
          .add("axis", DataTypes.IntegerType, true)
          .add("channel", DataTypes.IntegerType, true)
          .add("count", DataTypes.LongType, false)
          .add("others", DataTypes.LongType, false)
          .add("sum", DataTypes.BinaryType, false)
          .add("sum_squares", DataTypes.BinaryType, false)
          .add("mean", DataTypes.DoubleType, true)
          .add("variance", DataTypes.DoubleType, true);

  /** No sum of 2^63 squares of floats is longer. */
  private static final int MAX_BYTES = 80;

  MomentsTable() {}

  @Override
  public Part part() {
    return Part.MOMENTS;
  }

  @Override
  public StructType schema() {
    return SCHEMA;
  }

  @Override
  public int newestVersion() {
    return FORMAT_VERSION;
  }

  @Override
  public List<Row> toRows(MergeableState state, String runId, String modelSha256) {
    MomentsBlock block = (MomentsBlock) state;
    BlockKey key = block.key();
    boolean whole = key.isWhole();
    List<Row> rows = new ArrayList<>(block.rows().size());
    for (int i = 0; i < block.rows().size(); i++) {
      Moments moments = block.rows().get(i);
      boolean none = moments.count() == 0;
      rows.add(
          RowFactory.create(
              FORMAT_VERSION,
              runId,
              modelSha256,
              key.tensor(),
              whole ? null : key.axis(),
              whole ? null : key.firstChannel() + i,
              moments.count(),
              moments.others(),
              moments.sum().toByteArray(),
              moments.squares().toByteArray(),
              none ? null : moments.mean(),
              none ? null : moments.variance()));
    }
    return rows;
  }

  @Override
  public Moments read(Row row) {
    try {
      Moments moments =
          moments(
              row.getAs("count"), row.getAs("others"), row.getAs("sum"), row.getAs("sum_squares"));
      requireFollows(row, "mean", moments.mean());
      requireFollows(row, "variance", moments.variance());
      return moments;
    } catch (IllegalArgumentException e) {
      throw StatisticsTable.unreadable(row, e.getMessage());
    }
  }

  /**
   * Reads the moments in the columns of a row.
   *
   * @throws IllegalArgumentException if no values can have them
   */
  public static Moments moments(long count, long others, byte[] sum, byte[] squares) {
    return new Moments(count, others, number("sum", sum), number("sum_squares", squares));
  }

  private static BigInteger number(String column, byte[] bytes) {
    if (bytes.length == 0 || bytes.length > MAX_BYTES) {
      throw new IllegalArgumentException(
          "'%s' has %d bytes, must be 1 to %d".formatted(column, bytes.length, MAX_BYTES));
    }
    return new BigInteger(bytes);
  }

  private static void requireFollows(Row row, String column, double expected) {
    Double own = row.getAs(column);
    if (Double.compare(own == null ? Double.NaN : own, expected) != 0) {
      throw new IllegalArgumentException(
          "'%s' is %s, but the sums give %s".formatted(column, own, expected));
    }
  }

  @Override
  public MergeableState block(BlockKey key, int channels, List<Moments> rows) {
    return new MomentsBlock(key, channels, rows);
  }
}
