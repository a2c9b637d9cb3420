package dev.tare.jobs.input;

import java.util.List;

/** The columns of a data set, by their exact names. */
interface ColumnNames {

  /** All names, in the order of the data set. */
  List<String> columnNames();

  /** Those of columns that can be texts. */
  List<String> textColumns();

  /** Whether there is such a column. */
  boolean anyHas(String column);
}
