package dev.tare.jobs.input;

import dev.tare.engine.tensor.Sample;
import dev.tare.engine.tensor.Shape;
import dev.tare.engine.tensor.Tensor;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.SortedMap;
import java.util.TreeMap;
import org.apache.spark.api.java.function.MapFunction;
import org.apache.spark.sql.Column;
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

  /** Suffix of the column with the shape of a binary column. */
  static final String SHAPE_SUFFIX = "_shape";

  @Override
  public Dataset<Row> rows() {
    List<CellReader> readers = new ArrayList<>();
    Map<String, ColumnType> columns = new LinkedHashMap<>();
    for (InputSpec spec : inputs.specs()) {
      CellReader reader = reader(spec);
      readers.add(reader);
      reader.columns().forEach(column -> columns.put(column, footers.require(column, use(spec))));
    }
    List<Column> selected = new ArrayList<>();
    selected.add(ParquetTable.FILE);
    selected.add(ParquetTable.ROW);
    readers.forEach(
        reader -> reader.columns().forEach(column -> selected.add(ParquetTable.column(column))));
    return ParquetTable.read(spark, data, columns)
        .select(selected.toArray(Column[]::new))
        .map(
            new ToSample(inputs, new ArrayList<>(readers), vocabularySize.orElse(Long.MAX_VALUE)),
            SampleRows.encoder());
  }

  @Override
  public SortedMap<String, Long> expectedRows() {
    return footers.expectedRows();
  }

  private static String use(InputSpec spec) {
    return "model input '" + spec.name() + "' " + spec.describe();
  }

  private CellReader reader(InputSpec spec) {
    ColumnType type = footers.require(spec.name(), use(spec));
    if (type.isBinary()) {
      return new CellReader.Bytes(spec, shapeColumn(spec));
    }
    boolean deep =
        type.depth() == spec.rank() || spec.otherRank().equals(OptionalInt.of(type.depth()));
    if (!deep || !type.element().fits(spec.dtype())) {
      throw footers.wrongType(spec.name(), type, use(spec));
    }
    return new CellReader.Lists(spec);
  }

  private String shapeColumn(InputSpec spec) {
    String column = spec.name() + SHAPE_SUFFIX;
    if (spec.fixedShape().isPresent() && !footers.anyHas(column)) {
      return "";
    }
    String wanted = "the shape of binary " + use(spec);
    ColumnType type = footers.require(column, wanted);
    if (!type.isSizes()) {
      throw footers.wrongType(column, type, wanted + " as array<int> or array<bigint>");
    }
    return column;
  }

  /**
   * @param vocabularySize above every token id; Long.MAX_VALUE if unknown
   */
  private record ToSample(ModelInputs inputs, List<CellReader> readers, long vocabularySize)
      implements MapFunction<Row, Row> {

    @Override
    public Row call(Row row) {
      String file = ParquetTable.path(row.getString(0));
      Optional<Long> position = Optional.of(row.getLong(1));
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
