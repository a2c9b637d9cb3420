package dev.tare.jobs.sql;

import dev.tare.engine.statistics.StatisticsBlock;
import dev.tare.jobs.table.StatisticsTable;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.UnsafeArrayData;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;

/**
 * A state as a struct with the columns of the statistics table, without those for run, model,
 * tensor and channel.
 */
final class MergedStatistics {

  private static final List<String> OWNER =
      List.of("format_version", "run_id", "model_sha256", "tensor", "axis", "channel");

  /** The columns of the merged statistics. */
  static final StructType SCHEMA = schema();

  private MergedStatistics() {}

  private static StructType schema() {
    StructType schema = new StructType();
    for (StructField field : StatisticsTable.SCHEMA.fields()) {
      if (!OWNER.contains(field.name())) {
        schema = schema.add(field.name(), field.dataType(), true);
      }
    }
    return schema;
  }

  /** The struct of a block's only row. */
  static InternalRow of(StatisticsBlock block) {
    Row row = StatisticsTable.toRows(block, "", "").get(0);
    List<Object> values = new ArrayList<>();
    for (String name : SCHEMA.fieldNames()) {
      values.add(internal(row.get(StatisticsTable.SCHEMA.fieldIndex(name))));
    }
    return InternalRows.row(values.toArray());
  }

  private static Object internal(Object value) {
    if (value instanceof int[] numbers) {
      return UnsafeArrayData.fromPrimitiveArray(numbers);
    }
    if (value instanceof long[] numbers) {
      return UnsafeArrayData.fromPrimitiveArray(numbers);
    }
    if (value instanceof float[] numbers) {
      return UnsafeArrayData.fromPrimitiveArray(numbers);
    }
    return value instanceof String text ? InternalRows.text(text) : value;
  }
}
