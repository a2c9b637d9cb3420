package dev.tare.jobs.input;

import dev.tare.jobs.relation.Relation;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;

/** The columns of a table, view or query. */
record RelationColumns(Relation relation, StructType schema) implements Columns {

  @Override
  public List<String> columnNames() {
    return List.of(schema.fieldNames());
  }

  @Override
  public boolean anyHas(String column) {
    return columnNames().contains(column);
  }

  @Override
  public Optional<ColumnType> firstType(String column) {
    return anyHas(column) ? ColumnType.of(field(column).dataType()) : Optional.empty();
  }

  @Override
  public ColumnType require(String column, String wanted) {
    if (!anyHas(column)) {
      throw new InputException(
          "Cannot read %s: no column '%s' for %s; it has %s"
              .formatted(relation.shown(), column, wanted, columnNames()));
    }
    long alike = columnNames().stream().filter(name -> name.equalsIgnoreCase(column)).count();
    if (alike > 1) {
      throw new InputException(
          "Cannot read %s: it has %d columns named '%s' apart from upper and lower case"
              .formatted(relation.shown(), alike, column));
    }
    StructField field = field(column);
    return ColumnType.of(field.dataType())
        .orElseThrow(() -> wrongType(column, field.dataType().simpleString(), wanted));
  }

  private StructField field(String column) {
    return Arrays.stream(schema.fields())
        .filter(field -> field.name().equals(column))
        .findFirst()
        .orElseThrow();
  }

  @Override
  public InputException wrongType(String column, ColumnType type, String wanted) {
    return wrongType(column, type.toString(), wanted);
  }

  private InputException wrongType(String column, String type, String wanted) {
    return new InputException(
        "Cannot read %s: column '%s' is %s but must hold %s"
            .formatted(relation.shown(), column, type, wanted));
  }
}
