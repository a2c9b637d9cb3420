package dev.tare.jobs.input;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import org.apache.spark.sql.Column;

/**
 * How the columns of a data set become the inputs of a model of the same names.
 *
 * @param inOrder one for each input, in the model's order; serializable
 * @param types the columns that they read
 */
record ColumnReaders(List<CellReader> inOrder, Map<String, ColumnType> types) {

  /** Suffix of the column with the shape of a binary column. */
  private static final String SHAPE_SUFFIX = "_shape";

  ColumnReaders {
    inOrder = Collections.unmodifiableList(new ArrayList<>(inOrder));
    types = Collections.unmodifiableMap(new LinkedHashMap<>(types));
  }

  /**
   * Finds a column for each input.
   *
   * @throws InputException if one is missing, or has a type from which the input cannot be filled
   */
  static ColumnReaders of(ModelInputs inputs, Columns columns) {
    List<CellReader> readers = new ArrayList<>();
    Map<String, ColumnType> types = new LinkedHashMap<>();
    for (InputSpec spec : inputs.specs()) {
      CellReader reader = reader(spec, columns);
      readers.add(reader);
      reader.columns().forEach(column -> types.put(column, columns.require(column, use(spec))));
    }
    return new ColumnReaders(readers, types);
  }

  /**
   * The columns to select before the readers read: file, position, and their own in order; the
   * label, if any, comes last.
   */
  Column[] selected(Column file, Column position, LabelColumn labels) {
    List<Column> selected = new ArrayList<>(List.of(file, position));
    inOrder.forEach(
        reader -> reader.columns().forEach(column -> selected.add(ParquetTable.column(column))));
    return labels.after(selected.toArray(Column[]::new));
  }

  private static String use(InputSpec spec) {
    return "model input '" + spec.name() + "' " + spec.describe();
  }

  private static CellReader reader(InputSpec spec, Columns columns) {
    ColumnType type = columns.require(spec.name(), use(spec));
    if (type.isBinary()) {
      return new CellReader.Bytes(spec, shapeColumn(spec, columns));
    }
    boolean deep =
        type.depth() == spec.rank() || spec.otherRank().equals(OptionalInt.of(type.depth()));
    if (!deep || !type.element().fits(spec.dtype())) {
      throw columns.wrongType(spec.name(), type, use(spec));
    }
    return new CellReader.Lists(spec);
  }

  private static String shapeColumn(InputSpec spec, Columns columns) {
    String column = spec.name() + SHAPE_SUFFIX;
    if (spec.fixedShape().isPresent() && !columns.anyHas(column)) {
      return "";
    }
    String wanted = "the shape of binary " + use(spec);
    ColumnType type = columns.require(column, wanted);
    if (!type.isSizes()) {
      throw columns.wrongType(column, type, wanted + " as array<int> or array<bigint>");
    }
    return column;
  }
}
