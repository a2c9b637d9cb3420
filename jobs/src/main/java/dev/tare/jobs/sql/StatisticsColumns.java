package dev.tare.jobs.sql;

import dev.tare.engine.histogram.Histogram;
import dev.tare.engine.histogram.Statistics;
import dev.tare.engine.tensor.SampleOrigin;
import dev.tare.jobs.table.StatisticsTable;
import java.io.Serializable;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.util.ArrayData;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.StructType;

/**
 * Where a struct that a user passes to a function has the columns of the statistics table.
 *
 * @param type the struct: the whole row, {@code struct(*)}, what {@code merge} gives, or any struct
 *     with the columns of {@link #NEEDED}
 */
record StatisticsColumns(StructType type) implements Serializable {

  /** The columns that a state follows from; edges of bins follow from their numbers. */
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
   * @throws IllegalArgumentException if it is no struct with the needed columns; the message names
   *     the first that is missing or of another type
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
      if (!given.asNullable().equals(wanted.asNullable())) {
        throw new IllegalArgumentException(
            "column '%s' of the struct of statistics must be %s, not %s"
                .formatted(name, wanted.sql(), given.sql()));
      }
    }
    return new StatisticsColumns(struct);
  }

  private int at(String name) {
    return type.fieldIndex(name);
  }

  /** The struct among a function's arguments. */
  InternalRow struct(InternalRow arguments, int position) {
    return arguments.getStruct(position, type.length());
  }

  /**
   * The text in a column that may be there; empty where it is not.
   *
   * @param struct a value of this type
   */
  String text(InternalRow struct, String name) {
    int field = Arrays.asList(type.fieldNames()).indexOf(name);
    return field < 0 || struct.isNullAt(field)
        ? ""
        : struct.get(field, type.apply(name).dataType()).toString();
  }

  /**
   * The state in a struct.
   *
   * @throws IllegalArgumentException if the columns contradict each other
   */
  Statistics statistics(InternalRow struct) {
    for (String name : List.of("count", "zeros", "nans", "pos_infs", "neg_infs")) {
      if (struct.isNullAt(at(name))) {
        throw new IllegalArgumentException("Invalid statistics: '" + name + "' is null");
      }
    }
    return new Statistics(
        struct.getLong(at("count")),
        struct.getLong(at("zeros")),
        struct.getLong(at("nans")),
        struct.getLong(at("pos_infs")),
        struct.getLong(at("neg_infs")),
        extreme(struct, at("min")),
        extreme(struct, at("max")),
        histogram(struct),
        sample(struct, "min"),
        sample(struct, "max"));
  }

  /** The sample that holds an extreme, where the struct tells. */
  private Optional<SampleOrigin> sample(InternalRow struct, String extreme) {
    String sha256 = text(struct, extreme + "_sample");
    if (sha256.isEmpty()) {
      return Optional.empty();
    }
    String file = text(struct, extreme + "_file");
    String row = text(struct, extreme + "_row");
    return Optional.of(
        new SampleOrigin(
            sha256,
            file.isEmpty() ? Optional.empty() : Optional.of(file),
            row.isEmpty() ? OptionalLong.empty() : OptionalLong.of(Long.parseLong(row))));
  }

  private static float extreme(InternalRow struct, int field) {
    return struct.isNullAt(field) ? Float.NaN : struct.getFloat(field);
  }

  private Optional<Histogram> histogram(InternalRow struct) {
    if (struct.isNullAt(at("mantissa_bits"))) {
      return Optional.empty();
    }
    if (struct.isNullAt(at("bin")) || struct.isNullAt(at("bin_count"))) {
      throw new IllegalArgumentException(
          "Invalid statistics: mantissa_bits without bin and bin_count");
    }
    return Optional.of(
        Histogram.of(
            struct.getInt(at("mantissa_bits")),
            numbers(struct, "bin").toIntArray(),
            numbers(struct, "bin_count").toLongArray()));
  }

  /** Spark would give a null among numbers as 0. */
  private ArrayData numbers(InternalRow struct, String name) {
    ArrayData array = struct.getArray(at(name));
    for (int i = 0; i < array.numElements(); i++) {
      if (array.isNullAt(i)) {
        throw new IllegalArgumentException(
            "Invalid statistics: '%s' has a null at %d".formatted(name, i));
      }
    }
    return array;
  }
}
