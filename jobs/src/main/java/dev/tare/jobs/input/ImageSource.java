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
 * @param prepared how they become tensors
 */
record ImageSource(
    SparkSession spark,
    DataFiles data,
    ModelInputs inputs,
    InputSpec input,
    ImagePreparation prepared)
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
        data.files().stream()
            .map(file -> refused(file.path(), file.bytes()))
            .flatMap(Optional::stream)
            .toList();
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
            .map(new ToSample(inputs, input.name(), prepared), SampleRows.encoder());
    return refused.isEmpty() ? samples : samples.union(bad);
  }

  /** Spark ignores files of 0 bytes silently. */
  private static boolean readable(DataFile file) {
    return refused(file.path(), file.bytes()).isEmpty();
  }

  private static Optional<Row> refused(String place, long bytes) {
    if (bytes == 0) {
      return Optional.of(SampleRows.bad(place, Optional.empty(), Reason.DAMAGED_IMAGE, "0 bytes"));
    }
    return bytes <= MAX_FILE_BYTES
        ? Optional.empty()
        : Optional.of(
            SampleRows.bad(
                place,
                Optional.empty(),
                Reason.IMAGE_TOO_LARGE,
                "%d bytes are more than the %d that an image may have"
                    .formatted(bytes, MAX_FILE_BYTES)));
  }

  @Override
  public Optional<ImagePreparation> preparation() {
    return Optional.of(prepared);
  }

  @Override
  public SortedMap<String, Long> expectedRows() {
    SortedMap<String, Long> rows = new TreeMap<>();
    data.files().forEach(file -> rows.put(file.path(), 1L));
    return rows;
  }

  /** Rows of place and content. */
  record ToSample(ModelInputs inputs, String input, ImagePreparation preparation)
      implements MapFunction<Row, Row> {

    @Override
    public Row call(Row row) {
      String file = row.getString(0);
      if (row.isNullAt(1)) {
        return SampleRows.bad(file, Optional.empty(), Reason.NULL, "the image is null");
      }
      Optional<Row> refused = refused(file, ((byte[]) row.get(1)).length);
      if (refused.isPresent()) {
        return refused.get();
      }
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
