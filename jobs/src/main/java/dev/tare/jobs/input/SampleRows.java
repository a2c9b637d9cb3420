package dev.tare.jobs.input;

import dev.tare.engine.tensor.Sample;
import java.util.Optional;
import org.apache.spark.sql.Encoder;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/**
 * The table that every data source returns: one row per input row, in no particular order.
 *
 * <table>
 *   <caption>Columns</caption>
 *   <tr><td>file</td><td>string</td><td>path as Hadoop writes it</td></tr>
 *   <tr><td>row</td><td>bigint, null for images</td><td>0-based position in the file</td></tr>
 *   <tr><td>error</td><td>string, null for a sample</td><td>what is wrong with the row</td></tr>
 *   <tr><td>error_reason</td><td>string, null for a sample</td><td>{@link Reason#id}</td></tr>
 *   <tr><td>hash</td><td>binary(32), null unless a sample</td><td>SHA-256 of {@code sample}</td></tr>
 *   <tr><td>shape_key</td><td>string, null unless a sample</td><td>{@link Sample#shapeKey}</td></tr>
 *   <tr><td>sample</td><td>binary, null unless a sample</td><td>{@link Sample#encode}</td></tr>
 *   <tr><td>label</td><td>string, only if labels are read</td><td>{@link LabelColumn}</td></tr>
 * </table>
 */
public final class SampleRows {

  public static final String FILE = "file";
  public static final String ROW = "row";
  public static final String ERROR = "error";
  public static final String ERROR_REASON = "error_reason";
  public static final String HASH = "hash";
  public static final String SHAPE_KEY = "shape_key";
  public static final String SAMPLE = "sample";

  /** The label as text; there is no such column unless labels are read. */
  public static final String LABEL = "label";

  private SampleRows() {}

  public static StructType schema() {
    return new StructType()
        .add(FILE, DataTypes.StringType, false)
        .add(ROW, DataTypes.LongType, true)
        .add(ERROR, DataTypes.StringType, true)
        .add(ERROR_REASON, DataTypes.StringType, true)
        .add(HASH, DataTypes.BinaryType, true)
        .add(SHAPE_KEY, DataTypes.StringType, true)
        .add(SAMPLE, DataTypes.BinaryType, true);
  }

  static Encoder<Row> encoder() {
    return Encoders.row(schema());
  }

  static Row of(String file, Optional<Long> row, Sample sample) {
    byte[] encoded = sample.encode();
    return RowFactory.create(
        file, row.orElse(null), null, null, Sample.hash(encoded), sample.shapeKey(), encoded);
  }

  static Row bad(String file, Optional<Long> row, Reason reason, String error) {
    return RowFactory.create(file, row.orElse(null), error, reason.id(), null, null, null);
  }
}
