package dev.tare.jobs.input;

import dev.tare.jobs.artifact.Settings;
import dev.tare.jobs.image.ImageOptions;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.SortedMap;

/**
 * The data to read, and how to read it.
 *
 * @param data file, folder or glob, path or URI on any Hadoop file system, or what {@link
 *     dev.tare.jobs.relation.Relation} parses; not blank
 * @param format how to read it
 * @param textColumn the Parquet column of texts; empty to read the model's inputs, or else the
 *     column {@code text} or the only string column
 * @param tokenizer tokenizer.json, path or URI; needed for text
 * @param maxLength tokens at which text is cut, at least 1; empty for the limit in the tokenizer's
 *     file
 * @param samples how many rows to take, at least 1; all if empty
 * @param choice by which hash these, and rows for evaluation, are chosen
 * @param partitions number of tasks, at least 1; Spark's choice if empty. Never changes the result
 * @param batchSize samples per run of the model, at least 1. Never changes the result
 * @param images how images become the model's input
 * @param maxBadRows rows that may be skipped before the run fails, at least 0
 * @param labels the column of labels, which are read beside the samples; none if empty
 */
public record DataOptions(
    String data,
    DataFormat format,
    Optional<String> textColumn,
    Optional<String> tokenizer,
    OptionalInt maxLength,
    OptionalInt samples,
    RowChoice choice,
    OptionalInt partitions,
    int batchSize,
    ImageOptions images,
    long maxBadRows,
    Optional<String> labels) {

  /** Tokens at which a text is cut if neither the user nor the file sets a limit. */
  public static final int DEFAULT_MAX_LENGTH = 128;

  /**
   * @throws IllegalArgumentException if a number is out of its bounds, or no data is named
   */
  public DataOptions {
    if (data.isBlank()) {
      throw new IllegalArgumentException("Invalid data: empty path");
    }
    if (maxLength.orElse(1) < 1
        || samples.orElse(1) < 1
        || partitions.orElse(1) < 1
        || batchSize < 1
        || maxBadRows < 0) {
      throw new IllegalArgumentException(
          "Out of bounds: max-length %s, samples %s, partitions %s, batch-size %d, max-bad-rows %d"
              .formatted(maxLength, samples, partitions, batchSize, maxBadRows));
    }
  }

  /** Data without labels. */
  public DataOptions(
      String data,
      DataFormat format,
      Optional<String> textColumn,
      Optional<String> tokenizer,
      OptionalInt maxLength,
      OptionalInt samples,
      RowChoice choice,
      OptionalInt partitions,
      int batchSize,
      ImageOptions images,
      long maxBadRows) {
    this(
        data,
        format,
        textColumn,
        tokenizer,
        maxLength,
        samples,
        choice,
        partitions,
        batchSize,
        images,
        maxBadRows,
        Optional.empty());
  }

  /** The same with another column of labels, or none. */
  public DataOptions withLabels(Optional<String> column) {
    return new DataOptions(
        data,
        format,
        textColumn,
        tokenizer,
        maxLength,
        samples,
        choice,
        partitions,
        batchSize,
        images,
        maxBadRows,
        column);
  }

  /** The same of another place. */
  public DataOptions withData(String newData) {
    return new DataOptions(
        newData,
        format,
        textColumn,
        tokenizer,
        maxLength,
        samples,
        choice,
        partitions,
        batchSize,
        images,
        maxBadRows,
        labels);
  }

  /** The same with another number of rows. */
  public DataOptions withSamples(OptionalInt newSamples) {
    return new DataOptions(
        data,
        format,
        textColumn,
        tokenizer,
        maxLength,
        newSamples,
        choice,
        partitions,
        batchSize,
        images,
        maxBadRows,
        labels);
  }

  /** The options by their names on the command line; labels are an option of evaluation. */
  public SortedMap<String, String> configuration() {
    Settings settings =
        new Settings()
            .put("data", data)
            .put("format", format)
            .put("text-column", textColumn)
            .put("tokenizer", tokenizer)
            .put("image-column", images.column())
            .put("image-input", images.input())
            .put("image-size", images.size())
            .put("image-resize", images.resize())
            .put("image-pad", images.pad())
            .put("image-channels", images.channels())
            .put("image-mean", images.mean())
            .put("image-std", images.std())
            .put("image-layout", images.layout())
            .put("max-image-pixels", images.maxPixels())
            .put("batch-size", batchSize)
            .put("max-bad-rows", maxBadRows);
    maxLength.ifPresent(n -> settings.put("max-length", n));
    samples.ifPresent(n -> settings.put("samples", n));
    if (choice != RowChoice.SAMPLE) {
      // Runs that were made before there was a choice say nothing of it.
      settings.put("choose-by", choice);
    }
    partitions.ifPresent(n -> settings.put("partitions", n));
    return settings.values();
  }
}
