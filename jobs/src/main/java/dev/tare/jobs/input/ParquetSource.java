package dev.tare.jobs.input;

import dev.tare.engine.tensor.Sample;
import dev.tare.engine.tensor.Shape;
import dev.tare.engine.tensor.Tensor;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.SortedMap;
import java.util.TreeMap;
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
    OptionalLong vocabularySize)
    implements SampleSource {

  @Override
  public Dataset<Row> rows() {
    ColumnReaders readers = ColumnReaders.of(inputs, footers);
    return ParquetTable.read(spark, data, readers.types())
        .select(readers.selected(ParquetTable.FILE, ParquetTable.ROW))
        .map(
            new ToSample(inputs, readers.inOrder(), vocabularySize.orElse(Long.MAX_VALUE)),
            SampleRows.encoder());
  }

  @Override
  public SortedMap<String, Long> expectedRows() {
    return footers.expectedRows();
  }

  /**
   * Rows of file, position and the columns of the readers.
   *
   * @param vocabularySize above every token id; Long.MAX_VALUE if unknown
   */
  record ToSample(ModelInputs inputs, List<CellReader> readers, long vocabularySize)
      implements MapFunction<Row, Row> {

    @Override
    public Row call(Row row) {
      String file = ParquetTable.file(row);
      Optional<Long> position = ParquetTable.position(row);
      try {
        return SampleRows.of(file, position, sample(row));
      } catch (BadRowException e) {
        return SampleRows.bad(file, position, e.reason(), e.getMessage());
      }
    }

    private static Tensor shaped(InputSpec spec, Tensor read) {
      Shape shape = spec.sampleShape(read.shape());
      return shape.equals(read.shape()) ? read : Tensor.of(read.dtype(), shape, read.bytes());
    }

    private Sample sample(Row row) throws BadRowException {
      SortedMap<String, Tensor> tensors = new TreeMap<>();
      int index = 2;
      for (CellReader reader : readers) {
        Tensor tensor = shaped(reader.spec(), reader.read(row, index));
        Values.requireFinite(reader.spec().name(), tensor);
        if (reader.spec().name().equals(TokenInputs.IDS) && vocabularySize < Long.MAX_VALUE) {
          Values.requireTokenIds(TokenInputs.IDS, tensor, vocabularySize);
        }
        tensors.put(reader.spec().name(), tensor);
        index += reader.columns().size();
      }
      Sample sample = new Sample(tensors);
      Optional<String> mismatch = inputs.mismatch(sample);
      if (mismatch.isPresent()) {
        throw new BadRowException(Reason.SHAPE, mismatch.get());
      }
      return Padding.trim(inputs, sample);
    }
  }
}
