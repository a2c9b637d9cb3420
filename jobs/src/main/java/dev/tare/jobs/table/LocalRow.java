package dev.tare.jobs.table;

import org.apache.spark.sql.Row;
import org.apache.spark.sql.types.StructType;

/** A row with names that no job made; its lists are Java's arrays. */
final class LocalRow implements Row {

  private static final long serialVersionUID = 1L;

  private final transient Object[] cells;
  private final StructType schema;

  /** Keeps the array. */
  LocalRow(Object[] cells, StructType schema) {
    this.cells = cells;
    this.schema = schema;
  }

  @Override
  public int length() {
    return cells.length;
  }

  @Override
  public Object get(int field) {
    return cells[field];
  }

  @Override
  public Row copy() {
    return new LocalRow(cells.clone(), schema);
  }

  @Override
  public StructType schema() {
    return schema;
  }

  @Override
  public int fieldIndex(String name) {
    return schema.fieldIndex(name);
  }
}
