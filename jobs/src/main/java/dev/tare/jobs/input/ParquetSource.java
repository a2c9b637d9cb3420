package dev.tare.jobs.input;

import java.util.Optional;
import java.util.OptionalLong;
import java.util.SortedMap;
import org.apache.spark.api.java.function.MapFunction;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/** Parquet whose columns are the model's inputs by name; other columns are ignored. */
record ParquetSource(
    SparkSession spark,
    DataFiles data,
    ParquetFooters footers,
    ModelInputs inputs,
    OptionalLong vocabularySize,
    LabelColumn labels)
    implements SampleSource {

  @Override
  public Dataset<Row> rows() {
    ColumnReaders readers = ColumnReaders.of(inputs, footers);
    return labels.map(
        ParquetTable.read(spark, data, labels.with(readers.types(), footers))
            .select(readers.selected(ParquetTable.FILE, ParquetTable.ROW, labels)),
        new ToSample(
            new CellSamples(inputs, readers.inOrder(), vocabularySize.orElse(Long.MAX_VALUE))),
        SampleRows.schema());
  }

  @Override
  public SortedMap<String, Long> expectedRows() {
    return footers.expectedRows();
  }

  /** Rows of file, position and the columns of the readers. */
  record ToSample(CellSamples samples) implements MapFunction<Row, Row> {

    @Override
    public Row call(Row row) {
      String file = ParquetTable.file(row);
      Optional<Long> position = ParquetTable.position(row);
      try {
        return SampleRows.of(file, position, samples.of(row, 2));
      } catch (BadRowException e) {
        return SampleRows.bad(file, position, e.reason(), e.getMessage());
      }
    }
  }
}
