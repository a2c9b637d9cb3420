package dev.tare.jobs.sql;

import dev.tare.jobs.table.StatisticsCells;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.util.ArrayData;

/**
 * Cells of a struct in Spark's internal form.
 *
 * @param columns positions of the columns in the struct
 * @param struct a value of their type
 */
record StructCells(StatisticsColumns columns, InternalRow struct) implements StatisticsCells {

  @Override
  public boolean knows(String column) {
    return columns.at(column).isPresent();
  }

  @Override
  public boolean has(String column) {
    return knows(column) && !struct.isNullAt(columns.at(column).orElseThrow());
  }

  @Override
  public int integer(String column) {
    return struct.getInt(columns.at(column).orElseThrow());
  }

  @Override
  public long whole(String column) {
    return struct.getLong(columns.at(column).orElseThrow());
  }

  @Override
  public float real(String column) {
    return struct.getFloat(columns.at(column).orElseThrow());
  }

  @Override
  public String text(String column) {
    return struct.getUTF8String(columns.at(column).orElseThrow()).toString();
  }

  @Override
  public int[] integers(String column) {
    return array(column).toIntArray();
  }

  @Override
  public long[] wholes(String column) {
    return array(column).toLongArray();
  }

  @Override
  public float[] reals(String column) {
    return array(column).toFloatArray();
  }

  private ArrayData array(String column) {
    ArrayData array = struct.getArray(columns.at(column).orElseThrow());
    for (int i = 0; i < array.numElements(); i++) {
      if (array.isNullAt(i)) {
        throw StatisticsCells.nullIn(column, i);
      }
    }
    return array;
  }
}
