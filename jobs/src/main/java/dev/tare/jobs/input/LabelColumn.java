package dev.tare.jobs.input;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import org.apache.spark.api.java.function.MapFunction;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoder;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/**
 * The column of labels, integers or strings, of which the text travels as the last column beside
 * each sample. It is no part of the sample, so hashes and the choice of rows are those without it.
 *
 * @param name empty if no labels are read: then every table is as it was
 */
record LabelColumn(Optional<String> name) {

  private static final String PURPOSE = "labels";

  static LabelColumn of(DataOptions options) {
    return new LabelColumn(options.labels());
  }

  /** Whether a table has labels. */
  static boolean in(Dataset<Row> table) {
    return List.of(table.columns()).contains(SampleRows.LABEL);
  }

  boolean present() {
    return name.isPresent();
  }

  /**
   * Checks the column, if labels are read.
   *
   * @throws InputException if it is missing, or has no integers and no strings
   */
  void require(Columns columns) {
    name.ifPresent(column -> type(columns, column));
  }

  private static ColumnType type(Columns columns, String column) {
    ColumnType type = columns.require(column, PURPOSE);
    boolean known =
        switch (type.element()) {
          case INT8, INT16, INT32, INT64, STRING -> type.depth() == 0;
          case BOOLEAN, FLOAT, DOUBLE, BINARY -> false;
        };
    if (!known) {
      throw columns.wrongType(column, type, "labels as integers or strings");
    }
    return type;
  }

  /**
   * Refuses labels of data without columns.
   *
   * @throws InputException if labels are to be read
   */
  void requireNone(DataFiles data, DataFormat format) {
    if (present()) {
      throw new InputException(
          "Cannot read labels from column '%s': %s has no columns; %s"
              .formatted(
                  name.get(),
                  data.uri(),
                  format == DataFormat.IMAGES
                      ? "give a table or query with --image-column"
                      : "give Parquet, CSV or JSON lines"));
    }
  }

  /** Columns to read, and that of labels. */
  Map<String, ColumnType> with(Map<String, ColumnType> types, Columns columns) {
    Map<String, ColumnType> all = new LinkedHashMap<>(types);
    name.ifPresent(column -> all.put(column, type(columns, column)));
    return all;
  }

  /** Columns to select, and the text of the label as the last one. */
  Column[] after(Column... columns) {
    if (!present()) {
      return columns;
    }
    Column[] all = Arrays.copyOf(columns, columns.length + 1);
    all[columns.length] =
        ParquetTable.column(name.get()).cast(DataTypes.StringType).as(SampleRows.LABEL);
    return all;
  }

  /** Rows of a schema, and of the label after it. */
  Encoder<Row> encoder(StructType schema) {
    return Encoders.row(present() ? labelled(schema) : schema);
  }

  private static StructType labelled(StructType schema) {
    return schema.add(SampleRows.LABEL, DataTypes.StringType, true);
  }

  /**
   * Maps rows; a label in their last column becomes the last of what they are mapped to.
   *
   * @param schema of mapped rows without labels
   */
  Dataset<Row> map(Dataset<Row> rows, MapFunction<Row, Row> function, StructType schema) {
    return rows.map(present() ? new Labelled(function) : function, encoder(schema));
  }

  private record Labelled(MapFunction<Row, Row> function) implements MapFunction<Row, Row> {

    @Override
    public Row call(Row row) throws Exception {
      return copy(row, function.call(row));
    }
  }

  /** A row with the last cell of another as its last one. */
  static Row copy(Row labelled, Row row) {
    return with(row, labelled.getString(labelled.size() - 1));
  }

  private static Row with(Row row, String label) {
    Object[] cells = new Object[row.size() + 1];
    for (int i = 0; i < row.size(); i++) {
      cells[i] = row.get(i);
    }
    cells[row.size()] = label;
    return RowFactory.create(cells);
  }

  /**
   * Records of a table in text, each with its label as a last column; a record that cannot be read
   * has none, and is refused by what reads its sample.
   *
   * @throws InputException if there is no such column
   */
  Supplier<Dataset<Row>> ofRecords(Supplier<Dataset<Row>> lines, DataFiles data, TableFiles table) {
    if (!present()) {
      return lines;
    }
    TableRecords records = table.records(data.uri(), List.of(name.get()), PURPOSE);
    return () -> {
      Dataset<Row> read = lines.get();
      return read.map(new OfRecord(records), Encoders.row(labelled(read.schema())));
    };
  }

  /** Rows of file, position, record and its length in bytes. */
  private record OfRecord(TableRecords records) implements MapFunction<Row, Row> {

    @Override
    public Row call(Row line) {
      try {
        JsonNode cell = records.read((byte[]) line.get(2), line.getLong(3)).get(0);
        return with(
            line, cell.isNull() ? null : cell.isTextual() ? cell.textValue() : cell.toString());
      } catch (BadRowException e) {
        return with(line, null);
      }
    }
  }
}
