package dev.tare.jobs.input;

import dev.tare.jobs.SparkJobs;
import dev.tare.jobs.image.ImagePreparation;
import dev.tare.jobs.relation.Relation;
import dev.tare.jobs.relation.RelationFailure;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.function.Supplier;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.functions;

/**
 * A data set that passed every check that needs no job, ready to be read as samples.
 *
 * <p>Each action on {@link #rows} or {@link #samples}, and each {@link #report}, reads and
 * tokenizes the data again: a caller that needs several persists the table. The result does not
 * depend on partitions or order. Not thread-safe.
 */
public final class DataSource {

  private final SparkSession spark;
  private final Configuration configuration;
  private final DataFiles data;
  private final DataFormat format;
  private final SampleSource source;
  private final Optional<String> textColumn;
  private final OptionalInt maxLength;
  private final Optional<Relation> relation;
  private final Optional<TextSource> chosenByText;
  private Optional<Dataset<Row>> rows;
  private Optional<InputReport> counted = Optional.empty();

  private DataSource(
      SparkSession spark,
      Configuration configuration,
      DataFiles data,
      DataFormat format,
      SampleSource source,
      Optional<String> textColumn,
      RowChoice choice) {
    this(spark, configuration, data, format, source, textColumn, choice, Optional.empty());
  }

  private DataSource(
      SparkSession spark,
      Configuration configuration,
      DataFiles data,
      DataFormat format,
      SampleSource source,
      Optional<String> textColumn,
      RowChoice choice,
      Optional<Relation> relation) {
    this.spark = spark;
    this.configuration = configuration;
    this.data = data;
    this.format = format;
    this.source = source;
    this.textColumn = textColumn;
    this.relation = relation;
    this.maxLength =
        source instanceof TextSource text
            ? OptionalInt.of(text.tokens().maxLength())
            : OptionalInt.empty();
    this.chosenByText =
        choice != RowChoice.SAMPLE && source instanceof TextSource text
            ? Optional.of(text)
            : Optional.empty();
    if (choice == RowChoice.TEXT && chosenByText.isEmpty()) {
      throw new InputException(
          "Cannot choose samples of %s by their text: it is not read as text; leave out --choose-by"
              .formatted(data.uri()));
    }
    // Making the table checks columns; that of lines may take a job, which may never be needed.
    this.rows =
        format == DataFormat.TEXT || format.isTextTable() ? Optional.empty() : Optional.of(table());
  }

  private Dataset<Row> table() {
    return chosenByText.map(TextSource::candidates).orElseGet(source::rows);
  }

  /**
   * Lists the files, detects their format, reads all footers, and checks columns, settings and
   * tokenizer; runs no job. If rows are large, it lowers {@code
   * spark.sql.parquet.columnarReaderBatchSize} in this session.
   *
   * @param inputs the inputs of the model
   * @param vocabularySize rows of the model's embedding; empty if unknown
   * @param tokenizer the file that {@link DataOptions#tokenizer} names
   * @throws InputException if any of it says that the data cannot be read in full
   */
  public static DataSource open(
      SparkSession spark,
      DataOptions options,
      ModelInputs inputs,
      OptionalLong vocabularySize,
      Optional<LocalFile> tokenizer) {
    ReadSettings.requireStrict(spark);
    Configuration configuration = SparkJobs.hadoop(spark);
    Optional<Relation> relation = Relation.parse(options.data());
    if (relation.isPresent()) {
      if (options.choice() == RowChoice.TEXT) {
        throw new InputException("--choose-by text is for files, but --data names a relation");
      }
      Relation pinned = relation.get().pinned(spark);
      RelationColumns columns = new RelationColumns(pinned, pinned.read(spark).schema());
      Optional<String> text = textColumn(options, columns, inputs, tokenizer);
      return new DataSource(
          spark,
          configuration,
          DataFiles.none(pinned.shown()),
          DataFormat.AUTO,
          RelationSource.of(spark, columns, options, text, inputs, vocabularySize, tokenizer),
          text,
          RowChoice.SAMPLE,
          relation.map(named -> pinned));
    }
    requireNoImageColumn(options);
    DataFiles data = DataFiles.list(options.data(), configuration);
    DataFormat format =
        options.format() == DataFormat.AUTO
            ? FormatProbe.detect(data, configuration)
            : options.format();
    if (options.format() == DataFormat.TEXT) {
      FormatProbe.requireText(data, configuration);
    }
    if (format.isTextTable()) {
      return ofTable(spark, options, inputs, vocabularySize, tokenizer, data, format);
    }
    if (format != DataFormat.PARQUET) {
      requireNoColumn(options, data, format == DataFormat.TEXT ? "text" : "images");
      LabelColumn.of(options).requireNone(data, format);
      SampleSource source =
          format == DataFormat.IMAGES
              ? ImageSource.of(spark, data, inputs, options.images())
              : TextSource.of(
                  () -> TextLines.read(spark, data, LineForm.TEXT, configuration),
                  Optional.empty(),
                  new TreeMap<>(),
                  options,
                  inputs,
                  vocabularySize,
                  tokenizer);
      return new DataSource(
          spark, configuration, data, format, source, Optional.empty(), options.choice());
    }
    ParquetFooters footers = ParquetFooters.read(data, configuration);
    ReadSettings.limitBatches(spark, footers.bytesPerRow());
    Optional<String> column = textColumn(options, footers, inputs, tokenizer);
    LabelColumn labels = LabelColumn.of(options);
    labels.require(footers);
    SampleSource source =
        column.isPresent()
            ? TextSource.of(
                texts(spark, data, footers, column.get(), labels),
                Optional.empty(),
                footers.expectedRows(),
                options,
                inputs,
                vocabularySize,
                tokenizer)
            : new ParquetSource(spark, data, footers, inputs, vocabularySize, labels);
    return new DataSource(spark, configuration, data, format, source, column, options.choice());
  }

  private static DataSource ofTable(
      SparkSession spark,
      DataOptions options,
      ModelInputs inputs,
      OptionalLong vocabularySize,
      Optional<LocalFile> tokenizer,
      DataFiles data,
      DataFormat format) {
    Configuration configuration = SparkJobs.hadoop(spark);
    TableFiles table = TableFiles.read(data, format, configuration);
    LabelColumn labels = LabelColumn.of(options);
    Supplier<Dataset<Row>> lines =
        labels.ofRecords(TableSource.lines(spark, data, format, configuration), data, table);
    Optional<String> column = textColumn(options, table, inputs, tokenizer);
    SampleSource source =
        column.isPresent()
            ? TextSource.of(
                lines,
                column.map(
                    name -> new TableText(table.records(data.uri(), List.of(name), "texts"))),
                new TreeMap<>(),
                options,
                inputs,
                vocabularySize,
                tokenizer)
            : TableSource.of(lines, data, table, inputs, vocabularySize, labels);
    return new DataSource(spark, configuration, data, format, source, column, options.choice());
  }

  /** The column to tokenize; empty if columns are the model's inputs, or images. */
  private static Optional<String> textColumn(
      DataOptions options, ColumnNames columns, ModelInputs inputs, Optional<LocalFile> tokenizer) {
    return options.images().column().isPresent()
        ? options.textColumn()
        : TextColumn.choose(options, inputs.names(), columns, tokenizer.isPresent());
  }

  private static void requireNoImageColumn(DataOptions options) {
    if (options.images().column().isPresent()) {
      throw new InputException(
          "--image-column '%s' is for tables and queries, but --data names the files %s; to read a column of Parquet files give --data \"sql:SELECT * FROM parquet.`%s`\""
              .formatted(options.images().column().get(), options.data(), options.data()));
    }
  }

  private static void requireNoColumn(DataOptions options, DataFiles data, String what) {
    if (options.textColumn().isPresent()) {
      throw new InputException(
          "Cannot read column '%s': %s is %s, not a table"
              .formatted(options.textColumn().get(), data.uri(), what));
    }
  }

  private static Supplier<Dataset<Row>> texts(
      SparkSession spark,
      DataFiles data,
      ParquetFooters footers,
      String column,
      LabelColumn labels) {
    ColumnType type = footers.require(column, "texts");
    if (!type.isText()) {
      throw footers.wrongType(column, type, "texts as string");
    }
    Column text = ParquetTable.column(column).cast("binary");
    Dataset<Row> texts =
        ParquetTable.read(spark, data, labels.with(Map.of(column, type), footers))
            .select(
                labels.after(
                    ParquetTable.FILE,
                    ParquetTable.ROW,
                    functions.substring(text, 1, LineForm.TEXT.keptBytes()),
                    functions.octet_length(text).cast("long")));
    return () -> texts;
  }

  /** The files that are read; none if it is a relation. */
  public DataFiles files() {
    return data;
  }

  /** The table, view or query that is read, at the version that is read. */
  public Optional<Relation> relation() {
    return relation;
  }

  /** The detected format; {@link DataFormat#AUTO} only for a relation. */
  public DataFormat format() {
    return format;
  }

  /** The column of a table whose texts are tokenized. */
  public Optional<String> textColumn() {
    return textColumn;
  }

  /** Maximum number of tokens per sample; empty if nothing is tokenized. */
  public OptionalInt maxLength() {
    return maxLength;
  }

  /** How images become tensors, in full; empty for other formats. */
  public Optional<ImagePreparation> preparation() {
    return source.preparation();
  }

  /** The session that reads. */
  public SparkSession spark() {
    return spark;
  }

  /** Whether {@link #rows} are texts that are tokenized when they are chosen. */
  public boolean choosesTexts() {
    return chosenByText.isPresent();
  }

  /**
   * The samples of some of {@link #rows} without an error, with the columns of {@link SampleRows};
   * where texts are chosen, some may turn out to be bad only now.
   */
  public Dataset<Row> samplesOf(Dataset<Row> chosen) {
    return chosenByText.map(text -> text.tokenized(chosen)).orElse(chosen);
  }

  /**
   * One row per input row with the columns of {@link SampleRows}, bad rows included; where texts
   * are chosen, without sample and shape, and with the hash of the text.
   *
   * <p>If text files are so large that they are read in splits, the first call runs a job that
   * counts the lines of each split, so that every line gets its position.
   *
   * @throws InputException if that job cannot read a file
   */
  public Dataset<Row> rows() {
    if (rows.isEmpty()) {
      rows = Optional.of(reading(this::table));
    }
    return rows.get();
  }

  /** The rows that are samples. */
  public Dataset<Row> samples() {
    return samplesOf(rows().filter(functions.col(SampleRows.ERROR).isNull()));
  }

  /**
   * Counts all rows: one job.
   *
   * @throws InputException if a file could not be read, or other rows than the footers promised
   */
  public InputReport report() {
    return report(rows());
  }

  /**
   * Counts the rows of a table that equals {@link #rows}, as a persisted one.
   *
   * @throws InputException if a file could not be read, or other rows than the footers promised
   */
  public InputReport report(Dataset<Row> table) {
    InputReport report = reading(() -> InputReport.of(data.uri(), table));
    report.checkSeen(source.expectedRows());
    counted = Optional.of(report);
    return report;
  }

  /**
   * Counts rows of {@link #samplesOf}, whatever the files promise.
   *
   * @throws InputException if a file could not be read
   */
  public InputReport count(Dataset<Row> chosen) {
    return reading(() -> InputReport.of(data.uri(), chosen));
  }

  private <T> T reading(Supplier<T> job) {
    try {
      return job.get();
    } catch (Exception e) {
      // Spark throws its checked exceptions from methods that declare none.
      relation
          .flatMap(read -> RelationFailure.ofJob(read, e))
          .ifPresent(
              known -> {
                throw known;
              });
      throw InputException.ofFailedRead(e).map(RuntimeException.class::cast).orElse(unchecked(e));
    }
  }

  private static RuntimeException unchecked(Exception e) {
    return e instanceof RuntimeException runtime ? runtime : new IllegalStateException(e);
  }

  /**
   * Lists the files once more, as after the last job.
   *
   * @throws InputException if a file was added, removed or changed since {@link #open}
   */
  public void requireUnchanged() {
    data.requireUnchanged(configuration);
  }

  /**
   * Reads a relation once more, as after the last job, and compares its rows with those that were
   * counted; does nothing for files. Cost: one reading, in which a view is planned anew.
   *
   * @throws InputException if it has other rows now
   */
  public void requireSameRows() {
    if (relation.isPresent() && counted.isPresent()) {
      InputReport now = reading(() -> InputReport.of(data.uri(), table()));
      counted.get().requireSame(now);
    }
  }
}
