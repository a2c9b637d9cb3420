package dev.tare.jobs.table;

import java.lang.reflect.Array;
import java.util.Arrays;
import java.util.BitSet;
import org.apache.parquet.column.ColumnReader;
import org.apache.parquet.column.impl.ColumnReadStoreImpl;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.Type;
import org.apache.spark.sql.types.ArrayType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructField;

/**
 * The cells of one column of a row group, in order. Numbers of lists are not boxed: a table of
 * statistics has millions. Not thread-safe.
 */
final class ColumnCells {

  /** What arrays of Java can have. */
  private static final int MOST = Integer.MAX_VALUE - 8;

  private final ColumnReader reader;
  private final DataType type;

  /** Definition level of a value, below which there is none. */
  private final int full;

  /** Definition level of a list without values, below which it is null. */
  private final int empty;

  private long[] bits = new long[64];

  private ColumnCells(ColumnReader reader, DataType type, int full, int empty) {
    this.reader = reader;
    this.type = type;
    this.full = full;
    this.empty = empty;
  }

  /** The cells of a field that was found to have the type. */
  static ColumnCells of(ColumnReadStoreImpl store, MessageType schema, StructField field) {
    String[] path = {field.name()};
    Type stored = schema.getType(field.name());
    int empty = stored.isRepetition(Type.Repetition.OPTIONAL) ? 1 : 0;
    while (!stored.isPrimitive()) {
      stored = stored.asGroupType().getType(0);
      path = Arrays.copyOf(path, path.length + 1);
      path[path.length - 1] = stored.getName();
    }
    return new ColumnCells(
        store.getColumnReader(schema.getColumnDescription(path)),
        field.dataType(),
        schema.getMaxDefinitionLevel(path),
        empty);
  }

  /**
   * Returns the next cell, which may be null. A list is an array of Java's int, long, float or
   * double, or, if it contains a null, one of objects.
   *
   * @throws IllegalArgumentException if cells of this type are read by jobs alone
   */
  Object next() {
    if (type instanceof ArrayType array) {
      return list(array.elementType());
    }
    Object value = reader.getCurrentDefinitionLevel() < full ? null : value();
    reader.consume();
    return value;
  }

  private Object value() {
    if (type.equals(DataTypes.IntegerType)) {
      return reader.getInteger();
    }
    if (type.equals(DataTypes.LongType)) {
      return reader.getLong();
    }
    if (type.equals(DataTypes.FloatType)) {
      return reader.getFloat();
    }
    if (type.equals(DataTypes.DoubleType)) {
      return reader.getDouble();
    }
    if (type.equals(DataTypes.BooleanType)) {
      return reader.getBoolean();
    }
    if (type.equals(DataTypes.StringType)) {
      return reader.getBinary().toStringUsingUTF8();
    }
    if (type.equals(DataTypes.BinaryType)) {
      return reader.getBinary().getBytes();
    }
    throw new IllegalArgumentException("columns of %s are read by jobs".formatted(type.sql()));
  }

  private Object list(DataType element) {
    int level = reader.getCurrentDefinitionLevel();
    if (level <= empty) {
      reader.consume();
      return level < empty ? null : numbers(element, 0);
    }
    int size = 0;
    BitSet nulls = new BitSet();
    do {
      bits = size < bits.length ? bits : Arrays.copyOf(bits, larger(size));
      if (reader.getCurrentDefinitionLevel() < full) {
        nulls.set(size++);
      } else {
        bits[size++] = bits(element);
      }
      reader.consume();
    } while (reader.getCurrentRepetitionLevel() > 0);
    Object numbers = numbers(element, size);
    return nulls.isEmpty() ? numbers : boxed(numbers, size, nulls);
  }

  /** The next size of an array that is full. */
  static int larger(int size) {
    if (size >= MOST) {
      throw new IllegalArgumentException("a list has more than %d numbers".formatted(MOST));
    }
    return (int) Math.min(MOST, 2L * size);
  }

  private long bits(DataType element) {
    if (element.equals(DataTypes.IntegerType)) {
      return reader.getInteger();
    }
    if (element.equals(DataTypes.LongType)) {
      return reader.getLong();
    }
    if (element.equals(DataTypes.FloatType)) {
      return Float.floatToRawIntBits(reader.getFloat());
    }
    if (element.equals(DataTypes.DoubleType)) {
      return Double.doubleToRawLongBits(reader.getDouble());
    }
    throw new IllegalArgumentException("lists of %s are read by jobs".formatted(element.sql()));
  }

  private Object numbers(DataType element, int size) {
    if (element.equals(DataTypes.IntegerType)) {
      int[] numbers = new int[size];
      for (int i = 0; i < size; i++) {
        numbers[i] = (int) bits[i];
      }
      return numbers;
    }
    if (element.equals(DataTypes.FloatType)) {
      float[] numbers = new float[size];
      for (int i = 0; i < size; i++) {
        numbers[i] = Float.intBitsToFloat((int) bits[i]);
      }
      return numbers;
    }
    if (element.equals(DataTypes.DoubleType)) {
      double[] numbers = new double[size];
      for (int i = 0; i < size; i++) {
        numbers[i] = Double.longBitsToDouble(bits[i]);
      }
      return numbers;
    }
    return Arrays.copyOf(bits, size);
  }

  private static Object[] boxed(Object numbers, int size, BitSet nulls) {
    Object[] boxed = new Object[size];
    for (int i = 0; i < size; i++) {
      boxed[i] = nulls.get(i) ? null : Array.get(numbers, i);
    }
    return boxed;
  }
}
