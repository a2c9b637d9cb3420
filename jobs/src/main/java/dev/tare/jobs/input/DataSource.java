package dev.tare.jobs.input;

import dev.tare.jobs.SparkJobs;
import dev.tare.jobs.image.ImagePreparation;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.function.Supplier;
import java.util.stream.Collectors;
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

  private static final String TEXT = "text";

  private final SparkSession spark;
  private final Configuration configuration;
  private final DataFiles data;
  private final DataFormat format;
  private final SampleSource source;
  private final Optional<String> textColumn;
  private final OptionalInt maxLength;
  private Optional<Dataset<Row>> rows;

  private DataSource(
      SparkSession spark,
      Configuration configuration,
      DataFiles data,
      DataFormat format,
      SampleSource source,
      Optional<String> textColumn) {
    this.spark = spark;
    this.configuration = configuration;
    this.data = data;
    this.format = format;
    this.source = source;
    this.textColumn = textColumn;
    // Making the table checks columns; that of lines may take a job, which may never be needed.
    this.rows = format == DataFormat.TEXT ? Optional.empty() : Optional.of(source.rows());
    this.maxLength =
        source instanceof TextSource text ? OptionalInt.of(text.maxLength()) : OptionalInt.empty();
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
    DataFiles data = DataFiles.list(options.data(), configuration);
    DataFormat format =
        options.format() == DataFormat.AUTO
            ? FormatProbe.detect(data, configuration)
            : options.format();
    if (options.format() == DataFormat.TEXT) {
      FormatProbe.requireText(data, configuration);
    }
    if (format != DataFormat.PARQUET) {
      requireNoColumn(options, data, format == DataFormat.TEXT ? "text" : "images");
      SampleSource source =
          format == DataFormat.IMAGES
              ? ImageSource.of(spark, data, inputs, options.images())
              : TextSource.of(
                  () -> TextLines.read(spark, data, configuration),
                  new TreeMap<>(),
                  options,
                  inputs,
                  vocabularySize,
                  tokenizer);
      return new DataSource(spark, configuration, data, format, source, Optional.empty());
    }
    ParquetFooters footers = ParquetFooters.read(data, configuration);
    ReadSettings.limitBatches(spark, footers.bytesPerRow());
    Optional<String> column = options.textColumn();
    if (tokenizer.isEmpty()) {
      requireInputs(options, inputs.names(), footers);
    } else if (column.isEmpty() && inputs.names().stream().noneMatch(footers::anyHas)) {
      column = Optional.of(onlyText(options, inputs.names(), footers));
    }
    SampleSource source =
        column.isPresent()
            ? TextSource.of(
                texts(spark, data, footers, column.get()),
                footers.expectedRows(),
                options,
                inputs,
                vocabularySize,
                tokenizer)
            : new ParquetSource(spark, data, footers, inputs, vocabularySize);
    return new DataSource(spark, configuration, data, format, source, column);
  }

  private static void requireNoColumn(DataOptions options, DataFiles data, String what) {
    if (options.textColumn().isPresent()) {
      throw new InputException(
          "Cannot read column '%s': %s is %s, not Parquet"
              .formatted(options.textColumn().get(), data.uri(), what));
    }
  }

  private static Supplier<Dataset<Row>> texts(
      SparkSession spark, DataFiles data, ParquetFooters footers, String column) {
    ColumnType type = footers.require(column, "texts");
    if (!type.isText()) {
      throw footers.wrongType(column, type, "texts as string");
    }
    Column text = ParquetTable.column(column).cast("binary");
    Dataset<Row> texts =
        ParquetTable.read(spark, data, Map.of(column, type))
            .select(
                ParquetTable.FILE,
                ParquetTable.ROW,
                functions.substring(text, 1, TextLines.KEPT_BYTES),
                functions.octet_length(text).cast("long"));
    return () -> texts;
  }

  /** A missing tokenizer is the most frequent reason for missing inputs of the model. */
  private static void requireInputs(
      DataOptions options, List<String> inputs, ParquetFooters footers) {
    List<String> texts = textColumns(footers);
    if (!texts.isEmpty()
        && inputs.contains(TokenInputs.IDS)
        && inputs.stream().noneMatch(footers::anyHas)) {
      throw new InputException(
          "Cannot read %s: none of its columns %s is an input of the model %s; to read texts from"
                  .formatted(options.data(), footers.columnNames(), inputs)
              + " column %s give --tokenizer, the model's tokenizer.json".formatted(quoted(texts)));
    }
  }

  private static String quoted(List<String> names) {
    return names.stream().map(name -> "'" + name + "'").collect(Collectors.joining(" or "));
  }

  private static List<String> textColumns(ParquetFooters footers) {
    return footers.columnNames().stream()
        .filter(name -> footers.firstType(name).filter(ColumnType::isText).isPresent())
        .toList();
  }

  /** The column to tokenize if none is named and no column is an input of the model. */
  private static String onlyText(DataOptions options, List<String> inputs, ParquetFooters footers) {
    List<String> strings = textColumns(footers);
    if (strings.contains(TEXT)) {
      return TEXT;
    }
    if (strings.size() == 1) {
      return strings.get(0);
    }
    throw new InputException(
        "Cannot read %s: it has none of the model's inputs %s, and of the columns %s none is"
                .formatted(options.data(), inputs, footers.columnNames())
            + " 'text' or the only string column; name the text column");
  }

  /** The files that are read. */
  public DataFiles files() {
    return data;
  }

  /** The detected format; never {@link DataFormat#AUTO}. */
  public DataFormat format() {
    return format;
  }

  /** The Parquet column whose texts are tokenized. */
  public Optional<String> textColumn() {
    return textColumn;
  }

  /** Maximum number of tokens per sample; empty if nothing is tokenized. */
  public OptionalInt maxLength() {
    return maxLength;
  }

  /** How images become tensors, in full; empty for other formats. */
  public Optional<ImagePreparation> preparation() {
    return source instanceof ImageSource images
        ? Optional.of(images.preparation())
        : Optional.empty();
  }

  /** The session that reads. */
  public SparkSession spark() {
    return spark;
  }

  /**
   * One row per input row with the columns of {@link SampleRows}, bad rows included.
   *
   * <p>If text files are so large that they are read in splits, the first call runs a job that
   * counts the lines of each split, so that every line gets its position.
   *
   * @throws InputException if that job cannot read a file
   */
  public Dataset<Row> rows() {
    if (rows.isEmpty()) {
      rows = Optional.of(reading(source::rows));
    }
    return rows.get();
  }

  /** The rows that are samples. */
  public Dataset<Row> samples() {
    return rows().filter(functions.col(SampleRows.ERROR).isNull());
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
    return report;
  }

  private static <T> T reading(Supplier<T> job) {
    try {
      return job.get();
    } catch (Exception e) {
      // Spark throws its checked exceptions from methods that declare none.
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
}
