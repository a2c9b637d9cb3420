package dev.tare.jobs.cli;

import dev.tare.jobs.input.DataFormat;
import dev.tare.jobs.input.DataOptions;
import dev.tare.jobs.input.RowChoice;
import java.util.Optional;
import java.util.OptionalInt;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Options on what data to read, and how. */
final class DataFlags {
  @Option(
      names = "--data",
      required = true,
      paramLabel = "D",
      description =
          "Parquet, CSV or JSON lines with the model's inputs or a text as columns, text with a"
              + " sample per line, or PNG and JPEG images; file, folder or glob, path or URI. Or what"
              + " Spark can name: table:NAME, also with @version=V or @timestamp=T, or sql:SELECT ...")
  private String data;

  @Option(
      names = "--format",
      paramLabel = "FORMAT",
      defaultValue = "auto",
      description =
          "Format of --data: auto, parquet, csv, tsv, json (one object per line), text or images;"
              + " auto goes by names and content (default: ${DEFAULT-VALUE}).")
  private DataFormat format;

  @Option(
      names = "--text-column",
      paramLabel = "COLUMN",
      description =
          "Column with text, for --tokenizer (default: the model's inputs, else column 'text', else the only string column).")
  private String textColumn;

  @Option(
      names = "--tokenizer",
      paramLabel = "T.json",
      description = "tokenizer.json of the model, for text; path or URI.")
  private String tokenizer;

  @Option(
      names = "--max-length",
      paramLabel = "N",
      defaultValue = "" + DataOptions.DEFAULT_MAX_LENGTH,
      converter = Converters.Million.class,
      description = "Maximum tokens of a text, the rest is cut (default: ${DEFAULT-VALUE}).")
  private Integer maxLength;

  @Mixin private ImageFlags images;

  @Option(
      names = "--samples",
      paramLabel = "N",
      converter = Converters.Positive.class,
      description =
          "Use N rows, chosen by hash: the same for any order and partitioning (default: all).")
  private Integer samples;

  @Option(
      names = "--choose-by",
      paramLabel = "sample|text",
      defaultValue = "sample",
      description =
          "Hash by which rows are chosen: of the sample, or of the text, so that only chosen texts"
              + " are tokenized (default: ${DEFAULT-VALUE}).")
  private RowChoice chooseBy;

  @Option(
      names = "--max-bad-rows",
      paramLabel = "N",
      defaultValue = "0",
      converter = Converters.NotNegative.class,
      description =
          "Number of invalid rows that may be skipped and counted (default: ${DEFAULT-VALUE}).")
  private Long maxBadRows;

  @Option(
      names = "--partitions",
      paramLabel = "N",
      converter = Converters.Partitions.class,
      description = "Number of tasks; never changes the result (default: Spark's choice).")
  private Integer partitions;

  @Option(
      names = "--batch-size",
      paramLabel = "N",
      defaultValue = "8",
      converter = Converters.BatchSize.class,
      description =
          "Samples of equal shape per batch; never changes the result"
              + " (default: ${DEFAULT-VALUE}).")
  private Integer batchSize;

  /**
   * @param beside the tokenizer that is taken where none is named
   */
  DataOptions options(Optional<String> beside) {
    return new DataOptions(
        data,
        format,
        Optional.ofNullable(textColumn),
        Optional.ofNullable(tokenizer).or(() -> beside),
        OptionalInt.of(maxLength),
        samples == null ? OptionalInt.empty() : OptionalInt.of(samples),
        chooseBy,
        partitions == null ? OptionalInt.empty() : OptionalInt.of(partitions),
        batchSize,
        images.options(),
        maxBadRows);
  }
}
