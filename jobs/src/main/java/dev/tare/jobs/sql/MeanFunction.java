package dev.tare.jobs.sql;

import dev.tare.engine.statistics.Moments;
import dev.tare.jobs.table.MomentsTable;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/**
 * The exact mean of the finite values: {@code mean} of a row of the table of moments.
 *
 * <p>The mean of several runs is not the mean of their means; {@code tare merge} adds their sums.
 *
 * @param type the struct: the whole row, {@code struct(*)}, or one with the columns of {@link
 *     #NEEDED}
 */
record MeanFunction(StructType type) implements NullSafe {

  private static final List<String> NEEDED = List.of("count", "others", "sum", "sum_squares");

  /**
   * Checks a type.
   *
   * @throws IllegalArgumentException if it is not a struct with the needed columns; the message
   *     names the first that is missing or of another type
   */
  static MeanFunction of(DataType type) {
    if (!(type instanceof StructType struct)) {
      throw new IllegalArgumentException(
          "moments are a struct with the columns of the table of moments, as struct(*) makes it of"
              + " a row, not "
              + type.sql());
    }
    for (String name : NEEDED) {
      if (!Arrays.asList(struct.fieldNames()).contains(name)) {
        throw new IllegalArgumentException(
            "the struct of moments lacks the column '%s'; it has %s"
                .formatted(name, String.join(", ", struct.fieldNames())));
      }
      DataType wanted = MomentsTable.SCHEMA.apply(name).dataType();
      if (!struct.apply(name).dataType().equals(wanted)) {
        throw new IllegalArgumentException(
            "column '%s' of the struct of moments must be %s, not %s"
                .formatted(name, wanted.sql(), struct.apply(name).dataType().sql()));
      }
    }
    return new MeanFunction(struct);
  }

  @Override
  public Object value(InternalRow arguments) {
    InternalRow row = struct(arguments);
    for (String name : NEEDED) {
      if (row.isNullAt(at(name))) {
        throw new IllegalArgumentException("'%s' is null".formatted(name));
      }
    }
    Moments moments =
        MomentsTable.moments(
            row.getLong(at("count")),
            row.getLong(at("others")),
            row.getBinary(at("sum")),
            row.getBinary(at("sum_squares")));
    return SelectFunction.orNull(moments.mean());
  }

  private InternalRow struct(InternalRow arguments) {
    return arguments.getStruct(0, type.length());
  }

  private int at(String name) {
    return type.fieldIndex(name);
  }

  @Override
  public Optional<String> tensor(InternalRow arguments) {
    int field = Arrays.asList(type.fieldNames()).indexOf("tensor");
    return field < 0 || struct(arguments).isNullAt(field)
        ? Optional.empty()
        : Optional.of(struct(arguments).get(field, type.fields()[field].dataType()).toString());
  }

  @Override
  public Object produceResult(InternalRow arguments) {
    return call(arguments);
  }

  @Override
  public List<DataType> arguments() {
    return List.of(type);
  }

  @Override
  public DataType resultType() {
    return DataTypes.DoubleType;
  }

  @Override
  public String name() {
    return "mean";
  }
}
