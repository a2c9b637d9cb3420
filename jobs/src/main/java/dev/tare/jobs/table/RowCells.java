package dev.tare.jobs.table;

import org.apache.spark.sql.Row;
import scala.collection.mutable.ArraySeq;

/** Cells of a row of a Dataset, or of one that was read without. */
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
    if (row.get(row.fieldIndex(column)) instanceof int[] numbers) {
      return numbers;
    }
    Object[] values = values(column);
    int[] integers = new int[values.length];
    for (int i = 0; i < integers.length; i++) {
      integers[i] = (Integer) values[i];
    }
    return integers;
  }

  @Override
  public long[] wholes(String column) {
    if (row.get(row.fieldIndex(column)) instanceof long[] numbers) {
      return numbers;
    }
    Object[] values = values(column);
    long[] wholes = new long[values.length];
    for (int i = 0; i < wholes.length; i++) {
      wholes[i] = (Long) values[i];
    }
    return wholes;
  }

  @Override
  public float[] reals(String column) {
    if (row.get(row.fieldIndex(column)) instanceof float[] numbers) {
      return numbers;
    }
    Object[] values = values(column);
    float[] reals = new float[values.length];
    for (int i = 0; i < reals.length; i++) {
      reals[i] = (Float) values[i];
    }
    return reals;
  }

  /** The list as Spark made it: a table has millions of elements, and a view boxes calls. */
  private Object[] values(String column) {
    int field = row.fieldIndex(column);
    Object cell = row.get(field);
    Object[] values =
        cell instanceof Object[] array
            ? array
            : cell instanceof ArraySeq.ofRef<?> list
                ? (Object[]) list.array()
                : row.getList(field).toArray();
    for (int i = 0; i < values.length; i++) {
      if (values[i] == null) {
        throw StatisticsCells.nullIn(column, i);
      }
    }
    return values;
  }
}
