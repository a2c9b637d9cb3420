package dev.tare.jobs.input;

import dev.tare.engine.tensor.Sample;
import dev.tare.jobs.image.ImageException;
import dev.tare.jobs.image.ImageOptions;
import dev.tare.jobs.image.ImagePreparation;
import dev.tare.jobs.input.DataFiles.DataFile;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import org.apache.spark.api.java.function.MapFunction;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/**
 * Image files, one sample each, decoded on the executors; a file is in memory as a whole.
 *
 * @param input the model's input that receives them
 */
record ImageSource(
    SparkSession spark,
    DataFiles data,
    ModelInputs inputs,
    InputSpec input,
    ImagePreparation preparation)
    implements SampleSource {

  /** Largest size of a file in bytes: that of the pixels of Pillow's limit, uncompressed. */
  static final long MAX_FILE_BYTES = 256L << 20;

  /**
   * Images prepared for the model.
   *
   * @throws InputException if neither the model nor the options say how images become its input
   */
  static ImageSource of(
      SparkSession spark, DataFiles data, ModelInputs inputs, ImageOptions options) {
    InputSpec input = ImageInputs.spec(inputs, options);
    return new ImageSource(spark, data, inputs, input, ImageInputs.preparation(input, options));
  }

  @Override
  public Dataset<Row> rows() {
    List<Row> refused =
        data.files().stream().filter(file -> !readable(file)).map(ImageSource::bad).toList();
    String[] paths =
        data.files().stream()
            .filter(ImageSource::readable)
            .map(DataFile::literal)
            .toArray(String[]::new);
    Dataset<Row> bad = spark.createDataset(refused, SampleRows.encoder());
    if (paths.length == 0) {
      return bad;
    }
    Dataset<Row> samples =
        spark
            .read()
            .format("binaryFile")
            .option("recursiveFileLookup", "true")
            .load(paths)
            .select("path", "content")
            .map(new ToSample(inputs, input.name(), preparation), SampleRows.encoder());
    return refused.isEmpty() ? samples : samples.union(bad);
  }

  /** Spark ignores files of 0 bytes silently. */
  private static boolean readable(DataFile file) {
    return file.bytes() > 0 && file.bytes() <= MAX_FILE_BYTES;
  }

  private static Row bad(DataFile file) {
    return file.bytes() == 0
        ? SampleRows.bad(file.path(), Optional.empty(), Reason.DAMAGED_IMAGE, "0 bytes")
        : SampleRows.bad(
            file.path(),
            Optional.empty(),
            Reason.IMAGE_TOO_LARGE,
            "%d bytes are more than the %d that an image may have"
                .formatted(file.bytes(), MAX_FILE_BYTES));
  }

  @Override
  public SortedMap<String, Long> expectedRows() {
    SortedMap<String, Long> rows = new TreeMap<>();
    data.files().forEach(file -> rows.put(file.path(), 1L));
    return rows;
  }

  private record ToSample(ModelInputs inputs, String input, ImagePreparation preparation)
      implements MapFunction<Row, Row> {

    @Override
    public Row call(Row row) {
      String file = row.getString(0);
      try {
        Sample sample = Sample.of(Map.of(input, preparation.read((byte[]) row.get(1))));
        Optional<String> mismatch = inputs.mismatch(sample);
        return mismatch.isPresent()
            ? SampleRows.bad(file, Optional.empty(), Reason.SHAPE, mismatch.get())
            : SampleRows.of(file, Optional.empty(), sample);
      } catch (ImageException e) {
        return SampleRows.bad(file, Optional.empty(), reason(e.kind()), e.getMessage());
      }
    }

    private static Reason reason(ImageException.Kind kind) {
      return switch (kind) {
        case DAMAGED -> Reason.DAMAGED_IMAGE;
        case UNSUPPORTED -> Reason.UNSUPPORTED_IMAGE;
        case TOO_LARGE -> Reason.IMAGE_TOO_LARGE;
      };
    }
  }
}
