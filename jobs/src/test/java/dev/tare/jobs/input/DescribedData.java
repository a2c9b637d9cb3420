package dev.tare.jobs.input;

import dev.tare.jobs.image.ImageOptions;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import org.apache.spark.sql.SparkSession;

/** Data for a model that is only described; what is not said is left open. */
public record DescribedData(
    String uri,
    DataFormat format,
    ModelInputs inputs,
    Optional<LocalFile> tokenizer,
    OptionalInt maxLength,
    Optional<String> textColumn,
    OptionalLong vocabularySize,
    ImageOptions images) {

  public static DescribedData of(String uri, ModelInputs inputs) {
    return new DescribedData(
        uri,
        DataFormat.AUTO,
        inputs,
        Optional.empty(),
        OptionalInt.empty(),
        Optional.empty(),
        OptionalLong.empty(),
        ImageOptions.DEFAULT);
  }

  DescribedData withFormat(DataFormat newFormat) {
    return new DescribedData(
        uri, newFormat, inputs, tokenizer, maxLength, textColumn, vocabularySize, images);
  }

  DescribedData withTokenizer(LocalFile file) {
    return new DescribedData(
        uri, format, inputs, Optional.of(file), maxLength, textColumn, vocabularySize, images);
  }

  DescribedData withMaxLength(int tokens) {
    return new DescribedData(
        uri, format, inputs, tokenizer, OptionalInt.of(tokens), textColumn, vocabularySize, images);
  }

  DescribedData withTextColumn(String column) {
    return new DescribedData(
        uri, format, inputs, tokenizer, maxLength, Optional.of(column), vocabularySize, images);
  }

  DescribedData withVocabularySize(long size) {
    return new DescribedData(
        uri, format, inputs, tokenizer, maxLength, textColumn, OptionalLong.of(size), images);
  }

  DescribedData withImages(ImageOptions options) {
    return new DescribedData(
        uri, format, inputs, tokenizer, maxLength, textColumn, vocabularySize, options);
  }

  public static DataSource open(SparkSession spark, DescribedData data) {
    return open(spark, data, RowChoice.SAMPLE);
  }

  static DataSource open(SparkSession spark, DescribedData data, RowChoice choice) {
    DataOptions options =
        new DataOptions(
            data.uri,
            data.format,
            data.textColumn,
            data.tokenizer.map(LocalFile::displayName),
            data.maxLength,
            OptionalInt.empty(),
            choice,
            OptionalInt.empty(),
            1,
            data.images,
            0);
    return DataSource.open(spark, options, data.inputs, data.vocabularySize, data.tokenizer);
  }
}
