package dev.tare.jobs.input;

import dev.tare.jobs.image.ImageOptions;
import dev.tare.jobs.image.ImagePreparation;
import dev.tare.jobs.relation.Relation;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.SortedMap;
import java.util.TreeMap;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.functions;
import org.apache.spark.sql.types.DataTypes;

/**
 * Rows of a table, view or query, whose columns are the model's inputs by name or one of which has
 * images. Rows have no position: a session may return them in any order.
 *
 * @param toSamples makes samples of the relation's rows
 * @param preparation how images become tensors
 */
record RelationSource(
    Relation relation,
    SparkSession spark,
    ToSamples toSamples,
    Optional<ImagePreparation> preparation)
    implements SampleSource {

  private static final Column NO_POSITION = functions.lit(null).cast(DataTypes.LongType);

  /** Makes the table of {@link SampleRows}. */
  interface ToSamples {
    Dataset<Row> of(Dataset<Row> rows);
  }

  /**
   * The samples of a relation, by what its columns are.
   *
   * @param textColumn the column to tokenize; empty for images and for the model's inputs
   * @throws InputException if a column is missing or does not fit, or an option is not for
   *     relations
   */
  static SampleSource of(
      SparkSession spark,
      RelationColumns columns,
      DataOptions options,
      Optional<String> textColumn,
      ModelInputs inputs,
      OptionalLong vocabularySize,
      Optional<LocalFile> tokenizer) {
    Relation relation = columns.relation();
    if (options.format() != DataFormat.AUTO) {
      throw new InputException(
          "--format %s is for files, but --data names %s: leave it out"
              .formatted(options.format(), relation.shown()));
    }
    LabelColumn labels = LabelColumn.of(options);
    labels.require(columns);
    Optional<String> imageColumn = options.images().column();
    if (textColumn.isPresent() && imageColumn.isPresent()) {
      throw new InputException(
          "Cannot read texts of column '%s' and images of column '%s' of %s: give one of the two"
              .formatted(textColumn.get(), imageColumn.get(), relation.shown()));
    }
    if (textColumn.isPresent()) {
      ColumnType type = columns.require(textColumn.get(), "texts");
      if (!type.isText()) {
        throw columns.wrongType(textColumn.get(), type, "texts as string");
      }
      return TextSource.of(
          () -> texts(relation, relation.read(spark), textColumn.get(), labels),
          Optional.empty(),
          new TreeMap<>(),
          options,
          inputs,
          vocabularySize,
          tokenizer);
    }
    if (imageColumn.isPresent()) {
      return images(spark, columns, imageColumn.get(), inputs, options.images(), labels);
    }
    ColumnReaders readers = ColumnReaders.of(inputs, columns);
    return new RelationSource(
        relation,
        spark,
        rows ->
            labels.map(
                rows.select(readers.selected(place(relation), NO_POSITION, labels)),
                new ParquetSource.ToSample(
                    new CellSamples(
                        inputs, readers.inOrder(), vocabularySize.orElse(Long.MAX_VALUE))),
                SampleRows.schema()),
        Optional.empty());
  }

  private static RelationSource images(
      SparkSession spark,
      RelationColumns columns,
      String column,
      ModelInputs inputs,
      ImageOptions options,
      LabelColumn labels) {
    String wanted = "PNG or JPEG images as binary";
    ColumnType type = columns.require(column, wanted);
    if (!type.isBinary()) {
      throw columns.wrongType(column, type, wanted);
    }
    InputSpec input = ImageInputs.spec(inputs, options);
    ImagePreparation preparation = ImageInputs.preparation(input, options);
    return new RelationSource(
        columns.relation(),
        spark,
        rows ->
            labels.map(
                rows.select(labels.after(place(columns.relation()), ParquetTable.column(column))),
                new ImageSource.ToSample(inputs, input.name(), preparation),
                SampleRows.schema()),
        Optional.of(preparation));
  }

  /** The texts of a column as {@link TextSource} reads them. */
  private static Dataset<Row> texts(
      Relation relation, Dataset<Row> rows, String column, LabelColumn labels) {
    Column text = ParquetTable.column(column).cast("binary");
    return rows.select(
        labels.after(
            place(relation),
            NO_POSITION,
            functions.substring(text, 1, LineForm.TEXT.keptBytes()),
            functions.octet_length(text).cast("long")));
  }

  private static Column place(Relation relation) {
    return functions.lit(relation.shown());
  }

  @Override
  public Dataset<Row> rows() {
    return toSamples.of(relation.read(spark));
  }

  @Override
  public SortedMap<String, Long> expectedRows() {
    return new TreeMap<>();
  }
}
