package dev.tare.jobs.input;

import java.util.List;
import java.util.Optional;

/** The columns of a data set and their types. */
interface Columns extends ColumnNames {

  @Override
  default List<String> textColumns() {
    return columnNames().stream()
        .filter(name -> firstType(name).filter(ColumnType::isText).isPresent())
        .toList();
  }

  /** The type of a column, if it can be a tensor or text. */
  Optional<ColumnType> firstType(String column);

  /**
   * The type of a column.
   *
   * @param wanted its purpose, for messages
   * @throws InputException if the column is missing, or has a type that is not supported
   */
  ColumnType require(String column, String wanted);

  /** The refusal of a column whose type does not fit its purpose. */
  InputException wrongType(String column, ColumnType type, String wanted);
}
