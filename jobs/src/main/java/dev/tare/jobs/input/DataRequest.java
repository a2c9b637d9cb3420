package dev.tare.jobs.input;

import dev.tare.jobs.image.ImageOptions;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;

/**
 * What to read and as what.
 *
 * @param uri a file, folder or glob, on any Hadoop file system
 * @param format how to read it
 * @param textColumn the Parquet column of texts; empty to read the model's inputs, or else the
 *     column {@code text} or the only string column
 * @param tokenizer the model's {@code tokenizer.json}; needed for text
 * @param maxLength tokens at most, at least 1; empty for what the tokenizer's file says
 * @param inputs what the model wants
 * @param vocabularySize rows of the model's embedding; empty if unknown
 * @param images how images become the model's input
 */
public record DataRequest(
    String uri,
    DataFormat format,
    Optional<String> textColumn,
    Optional<LocalFile> tokenizer,
    OptionalInt maxLength,
    ModelInputs inputs,
    OptionalLong vocabularySize,
    ImageOptions images) {

  public DataRequest {
    if (uri.isBlank()) {
      throw new IllegalArgumentException("Invalid data: empty path");
    }
    if (maxLength.isPresent() && maxLength.getAsInt() < 1) {
      throw new IllegalArgumentException("Invalid max-length " + maxLength.getAsInt());
    }
  }

  /** Any format, no tokenizer. */
  public static DataRequest of(String uri, ModelInputs inputs) {
    return new DataRequest(
        uri,
        DataFormat.AUTO,
        Optional.empty(),
        Optional.empty(),
        OptionalInt.empty(),
        inputs,
        OptionalLong.empty(),
        ImageOptions.DEFAULT);
  }

  public DataRequest withFormat(DataFormat newFormat) {
    return new DataRequest(
        uri, newFormat, textColumn, tokenizer, maxLength, inputs, vocabularySize, images);
  }

  public DataRequest withTokenizer(LocalFile file) {
    return new DataRequest(
        uri, format, textColumn, Optional.of(file), maxLength, inputs, vocabularySize, images);
  }

  public DataRequest withTextColumn(String column) {
    return new DataRequest(
        uri, format, Optional.of(column), tokenizer, maxLength, inputs, vocabularySize, images);
  }

  public DataRequest withMaxLength(int tokens) {
    return new DataRequest(
        uri, format, textColumn, tokenizer, OptionalInt.of(tokens), inputs, vocabularySize, images);
  }

  public DataRequest withVocabularySize(long size) {
    return new DataRequest(
        uri, format, textColumn, tokenizer, maxLength, inputs, OptionalLong.of(size), images);
  }

  public DataRequest withImages(ImageOptions options) {
    return new DataRequest(
        uri, format, textColumn, tokenizer, maxLength, inputs, vocabularySize, options);
  }
}
