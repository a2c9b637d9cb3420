package dev.tare.jobs.table;

import java.util.List;
import org.apache.spark.sql.Row;

/** Cells of a row of a Dataset. */
record RowCells(Row row) implements StatisticsCells {

  @Override
  public boolean knows(String column) {
    return row.schema().getFieldIndex(column).isDefined();
  }

  @Override
  public boolean has(String column) {
    return knows(column) && !row.isNullAt(row.fieldIndex(column));
  }

  @Override
  public int integer(String column) {
    return row.getInt(row.fieldIndex(column));
  }

  @Override
  public long whole(String column) {
    return row.getLong(row.fieldIndex(column));
  }

  @Override
  public float real(String column) {
    return row.getFloat(row.fieldIndex(column));
  }

  @Override
  public String text(String column) {
    return row.getString(row.fieldIndex(column));
  }

  @Override
  public int[] integers(String column) {
    return this.<Integer>list(column).stream().mapToInt(i -> i).toArray();
  }

  @Override
  public long[] wholes(String column) {
    return this.<Long>list(column).stream().mapToLong(n -> n).toArray();
  }

  @Override
  public float[] reals(String column) {
    List<Float> list = list(column);
    float[] reals = new float[list.size()];
    for (int i = 0; i < reals.length; i++) {
      reals[i] = list.get(i);
    }
    return reals;
  }

  private <T> List<T> list(String column) {
    List<T> list = row.getList(row.fieldIndex(column));
    for (int i = 0; i < list.size(); i++) {
      if (list.get(i) == null) {
        throw StatisticsCells.nullIn(column, i);
      }
    }
    return list;
  }
}
