package dev.tare.jobs.sql;

import dev.tare.engine.statistics.BlockKey;
import dev.tare.engine.statistics.StatisticsBlock;
import dev.tare.engine.statistics.StatisticsBlockCodec;
import java.util.Optional;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.connector.catalog.functions.AggregateFunction;
import org.apache.spark.sql.types.DataType;

/**
 * {@code merge}: the statistics of all rows together, as if their values had been observed at once.
 *
 * <p>The state is an encoded block, because Spark's executors can deserialize only their own
 * classes. If the struct has columns for model, tensor and axis, rows of two models, two tensors,
 * two axes, or of a tensor and its channels are refused; several channels of one axis are merged.
 *
 * @param columns positions of the columns in the struct
 */
record MergeFunction(StatisticsColumns columns) implements AggregateFunction<byte[], InternalRow> {

  private static final byte[] NOTHING = {};
  private static final String WHOLE = "";

  @Override
  public byte[] newAggregationState() {
    return NOTHING.clone();
  }

  @Override
  public byte[] update(byte[] state, InternalRow arguments) {
    if (arguments.isNullAt(0)) {
      return state;
    }
    InternalRow struct = columns.struct(arguments, 0);
    try {
      return merge(state, StatisticsBlock.ofWhole(owner(struct), columns.statistics(struct)));
    } catch (IllegalArgumentException e) {
      throw FunctionFailures.of("merge", columns.text(struct, "tensor"), e);
    }
  }

  /** Model, axis and tensor; the tensor comes last, since its name may contain any text. */
  private String owner(InternalRow struct) {
    return columns.text(struct, "model_sha256").orElse("")
        + '\0'
        + columns.text(struct, "channel").flatMap(c -> columns.text(struct, "axis")).orElse(WHOLE)
        + '\0'
        + columns.text(struct, "tensor").orElse("");
  }

  @Override
  public byte[] merge(byte[] left, byte[] right) {
    try {
      return right.length == 0 ? left : merge(left, StatisticsBlockCodec.decode(right));
    } catch (IllegalArgumentException e) {
      throw FunctionFailures.of("merge", Optional.empty(), e);
    }
  }

  private static byte[] merge(byte[] state, StatisticsBlock more) {
    if (state.length == 0) {
      return StatisticsBlockCodec.encode(more);
    }
    StatisticsBlock block = StatisticsBlockCodec.decode(state);
    requireSameOwner(block.key(), more.key());
    return StatisticsBlockCodec.encode(block.merge(more));
  }

  private static void requireSameOwner(BlockKey left, BlockKey right) {
    if (left.equals(right)) {
      return;
    }
    String[] a = left.tensor().split("\0", 3);
    String[] b = right.tensor().split("\0", 3);
    if (!a[2].equals(b[2])) {
      throw different("tensors '%s' and '%s'; GROUP BY tensor", a[2], b[2]);
    }
    if (!a[0].equals(b[0])) {
      throw different("models %s and %s; GROUP BY model_sha256, or WHERE one", a[0], b[0]);
    }
    throw new IllegalArgumentException(
        a[1].equals(WHOLE) || b[1].equals(WHOLE)
            ? "Cannot merge the row of the whole tensor with rows of its channels, which hold the"
                + " same values again: add WHERE channel IS NULL, or GROUP BY tensor, axis, channel"
            : "Cannot merge channels of axis %s with those of axis %s: GROUP BY tensor, axis, channel"
                .formatted(a[1], b[1]));
  }

  private static IllegalArgumentException different(String what, String left, String right) {
    return new IllegalArgumentException("Cannot merge rows of " + what.formatted(left, right));
  }

  @Override
  public InternalRow produceResult(byte[] state) {
    if (state.length == 0) {
      return null;
    }
    return MergedStatistics.of(StatisticsBlockCodec.decode(state));
  }

  @Override
  public DataType[] inputTypes() {
    return new DataType[] {columns.type()};
  }

  @Override
  public DataType resultType() {
    return MergedStatistics.SCHEMA;
  }

  @Override
  public String name() {
    return "merge";
  }
}
