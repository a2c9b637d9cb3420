package dev.tare.jobs.sql;

import dev.tare.engine.statistics.Statistics;
import dev.tare.jobs.table.StatisticsDecoder;
import dev.tare.jobs.table.StatisticsTable;
import java.io.Serializable;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.types.ArrayType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.StructType;

/**
 * The positions of the statistics table's columns in a struct that a user passes to a function.
 *
 * @param type the struct: the whole row, {@code struct(*)}, the result of {@code merge}, or any
 *     struct with the columns of {@link #NEEDED}
 */
record StatisticsColumns(StructType type) implements Serializable {

  /** The columns that a state is made from; edges of bins follow from their numbers. */
  private static final List<String> NEEDED =
      List.of(
          "mantissa_bits",
          "count",
          "zeros",
          "nans",
          "pos_infs",
          "neg_infs",
          "min",
          "max",
          "bin",
          "bin_count");

  /**
   * Checks a type.
   *
   * @throws IllegalArgumentException if it is not a struct with the needed columns; the message
   *     names the first that is missing or of another type
   */
  static StatisticsColumns of(DataType type) {
    if (!(type instanceof StructType struct)) {
      throw new IllegalArgumentException(
          "statistics are a struct with the columns of the statistics table, as struct(*) makes it"
              + " of a row and merge gives, not "
              + type.sql());
    }
    List<String> names = Arrays.asList(struct.fieldNames());
    for (String name : NEEDED) {
      if (!names.contains(name)) {
        throw new IllegalArgumentException(
            "the struct of statistics lacks the column '%s'; it has %s"
                .formatted(name, String.join(", ", names)));
      }
      DataType wanted = StatisticsTable.SCHEMA.apply(name).dataType();
      DataType given = struct.apply(name).dataType();
      if (!same(given, wanted)) {
        throw new IllegalArgumentException(
            "column '%s' of the struct of statistics must be %s, not %s"
                .formatted(name, wanted.sql(), given.sql()));
      }
    }
    return new StatisticsColumns(struct);
  }

  /** Position of a column; empty if it is missing or has another type than in the table. */
  OptionalInt at(String name) {
    scala.Option<Object> field = type.getFieldIndex(name);
    if (field.isEmpty()) {
      return OptionalInt.empty();
    }
    int at = (int) field.get();
    return same(type.fields()[at].dataType(), StatisticsTable.SCHEMA.apply(name).dataType())
        ? OptionalInt.of(at)
        : OptionalInt.empty();
  }

  private static boolean same(DataType given, DataType wanted) {
    return (given instanceof ArrayType some && wanted instanceof ArrayType others)
        ? some.elementType().equals(others.elementType())
        : given.equals(wanted);
  }

  /** Reads the struct from a function's arguments. */
  InternalRow struct(InternalRow arguments, int position) {
    return arguments.getStruct(position, type.length());
  }

  /**
   * The text in a column; empty where the column or its value is not there.
   *
   * @param struct a value of this type
   */
  Optional<String> text(InternalRow struct, String name) {
    int field = Arrays.asList(type.fieldNames()).indexOf(name);
    return field < 0 || struct.isNullAt(field)
        ? Optional.empty()
        : Optional.of(struct.get(field, type.apply(name).dataType()).toString());
  }

  /**
   * Makes a state from a struct.
   *
   * @throws IllegalArgumentException if the columns contradict each other
   */
  Statistics statistics(InternalRow struct) {
    return StatisticsDecoder.decode(new StructCells(this, struct));
  }
}
