package dev.tare.jobs.input;

import java.util.SortedMap;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;

/** One way to turn files into the table of {@link SampleRows}. */
sealed interface SampleSource permits ParquetSource, TextSource, ImageSource {

  /**
   * The table; evaluated lazily, bad rows in it and never thrown. A job may find out first where
   * the lines of large files are.
   */
  Dataset<Row> rows();

  /** Rows that each file must yield, by path; empty where only reading tells. */
  SortedMap<String, Long> expectedRows();
}
