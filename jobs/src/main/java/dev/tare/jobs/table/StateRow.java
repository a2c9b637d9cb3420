package dev.tare.jobs.table;

import dev.tare.engine.statistics.BlockKey;
import dev.tare.engine.statistics.MergeableState;
import dev.tare.engine.statistics.StateCodec;
import dev.tare.engine.statistics.StateKind;
import java.util.Optional;
import org.apache.spark.api.java.function.MapFunction;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoder;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.functions;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/**
 * Rows returned by tasks: states of every {@link StateKind}, and reports of tasks, which are a
 * separate kind.
 */
public final class StateRow {

  /** Rows of equal kind and key are merged, except reports. */
  public static final StructType SCHEMA =
      new StructType()
          .add("kind", DataTypes.IntegerType, false)
          .add("key", DataTypes.StringType, false)
          .add("state", DataTypes.BinaryType, false);

  /** Kind of a report: the codes of states begin at 1. */
  private static final int REPORT = 0;

  private StateRow() {}

  public static Encoder<Row> encoder() {
    return Encoders.row(SCHEMA);
  }

  /** Creates the row of a state. */
  public static Row of(MergeableState state) {
    return RowFactory.create(state.kind().code(), key(state.key()), StateCodec.encode(state));
  }

  /** Creates the row of a task's report. */
  public static Row ofReport(byte[] report) {
    return RowFactory.create(REPORT, "", report);
  }

  /** Returns a text that is equal if and only if block keys are equal. */
  static String key(BlockKey key) {
    return "" + key.axis() + '\0' + key.firstChannel() + '\0' + key.tensor();
  }

  /** Returns the kind of a state; empty for a report. */
  static Optional<StateKind> kind(Row row) {
    return StateKind.of(row.getInt(0));
  }

  static byte[] bytes(Row row) {
    return row.getAs(2);
  }

  /** Decodes the state of a row that is no report. */
  public static MergeableState state(Row row) {
    return StateCodec.decode(bytes(row));
  }

  /** Merges states; reports are not changed. */
  public static Dataset<Row> merged(Dataset<Row> rows) {
    return rows.groupByKey(
            (MapFunction<Row, String>) row -> row.getInt(0) + "\0" + row.getString(1),
            Encoders.STRING())
        .flatMapGroups(new MergeStates(), encoder());
  }

  /** Returns the states of one kind. */
  public static Dataset<Row> ofKind(Dataset<Row> rows, StateKind kind) {
    return rows.filter(functions.col("kind").equalTo(kind.code()));
  }

  /** Returns the bytes of reports, as rows of one column. */
  public static Dataset<Row> reports(Dataset<Row> rows) {
    return rows.filter(functions.col("kind").equalTo(REPORT)).select("state");
  }
}
