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
      paramLabel = "auto|sample|text",
      defaultValue = "auto",
      description =
          "Hash by which --samples chooses: of the text, so that only chosen texts are tokenized, or"
              + " of the sample; auto takes the text where files have texts (default: ${DEFAULT-VALUE}).")
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
    Optional<String> used = Optional.ofNullable(tokenizer).or(() -> beside);
    // Otherwise every text is tokenized anyway, and the choice stays that of earlier runs.
    boolean saves = samples != null && used.isPresent();
    return new DataOptions(
        data,
        format,
        Optional.ofNullable(textColumn),
        used,
        OptionalInt.of(maxLength),
        samples == null ? OptionalInt.empty() : OptionalInt.of(samples),
        chooseBy == RowChoice.AUTO && !saves ? RowChoice.SAMPLE : chooseBy,
        partitions == null ? OptionalInt.empty() : OptionalInt.of(partitions),
        batchSize,
        images.options(),
        maxBadRows);
  }
}
