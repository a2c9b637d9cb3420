package dev.tare.jobs.input;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Supplier;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.api.java.function.MapFunction;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.functions;

/**
 * Tables in text whose columns are the model's inputs by name; other columns are ignored.
 *
 * @param lines of {@link #lines}
 * @param records of the inputs' columns, in the model's order
 * @param vocabularySize above every token id; Long.MAX_VALUE if unknown
 * @param labels the column of labels, which {@code lines} already has
 */
record TableSource(
    Supplier<Dataset<Row>> lines,
    TableRecords records,
    ModelInputs inputs,
    long vocabularySize,
    LabelColumn labels)
    implements SampleSource {

  /**
   * Checks that there is a column for every input.
   *
   * @throws InputException if there is not
   */
  static TableSource of(
      Supplier<Dataset<Row>> lines,
      DataFiles data,
      TableFiles table,
      ModelInputs inputs,
      OptionalLong vocabularySize,
      LabelColumn labels) {
    for (InputSpec spec : inputs.specs()) {
      table.records(
          data.uri(),
          List.of(spec.name()),
          "model input '%s' %s".formatted(spec.name(), spec.describe()));
    }
    return new TableSource(
        lines,
        table.records(data.uri(), inputs.names(), "the model"),
        inputs,
        vocabularySize.orElse(Long.MAX_VALUE),
        labels);
  }

  /** The columns of {@link TextLines}, without headers. */
  static Supplier<Dataset<Row>> lines(
      SparkSession spark, DataFiles data, DataFormat format, Configuration configuration) {
    return () -> {
      Dataset<Row> lines = TextLines.read(spark, data, LineForm.of(format), configuration);
      return format == DataFormat.JSON ? lines : lines.filter(functions.col("row").gt(0));
    };
  }

  @Override
  public Dataset<Row> rows() {
    return labels.map(
        lines.get(), new ToSample(records, inputs, vocabularySize), SampleRows.schema());
  }

  @Override
  public SortedMap<String, Long> expectedRows() {
    return new TreeMap<>();
  }

  private record ToSample(TableRecords records, ModelInputs inputs, long vocabularySize)
      implements MapFunction<Row, Row> {

    @Override
    public Row call(Row line) {
      String file = ParquetTable.path(line.getString(0));
      Optional<Long> position = Optional.of(line.getLong(1));
      try {
        List<JsonNode> cells = records.read((byte[]) line.get(2), line.getLong(3));
        List<CellReader> readers = new ArrayList<>();
        Object[] values = new Object[cells.size()];
        for (int i = 0; i < values.length; i++) {
          readers.add(new CellReader.Lists(inputs.specs().get(i)));
          values[i] = TableCell.of(inputs.specs().get(i), cells.get(i));
        }
        CellSamples samples = new CellSamples(inputs, readers, vocabularySize);
        return SampleRows.of(file, position, samples.of(RowFactory.create(values), 0));
      } catch (BadRowException e) {
        return SampleRows.bad(file, position, e.reason(), e.getMessage());
      }
    }
  }
}
