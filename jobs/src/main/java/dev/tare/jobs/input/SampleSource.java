package dev.tare.jobs.input;

import dev.tare.jobs.image.ImagePreparation;
import java.util.Optional;
import java.util.SortedMap;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;

/** One way to turn data into the table of {@link SampleRows}. */
sealed interface SampleSource
    permits ParquetSource, TableSource, TextSource, ImageSource, RelationSource {

  /**
   * The table. It is evaluated lazily and contains bad rows instead of throwing. For large text
   * files a job first counts the lines of each split.
   */
  Dataset<Row> rows();

  /** Expected number of rows of each file, by path; empty if it is not known before reading. */
  SortedMap<String, Long> expectedRows();

  /** How images become tensors; empty for other data. */
  default Optional<ImagePreparation> preparation() {
    return Optional.empty();
  }
}
