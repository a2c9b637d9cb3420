package dev.tare.jobs.input;

import dev.tare.jobs.Concurrently;
import dev.tare.jobs.image.ImageFormat;
import dev.tare.jobs.input.DataFiles.DataFile;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.Path;

/** Tells Parquet, images and text apart by the first bytes of every file. */
final class FormatProbe {

  private static final byte[] MAGIC = "PAR1".getBytes(StandardCharsets.US_ASCII);
  private static final byte[] ENCRYPTED = "PARE".getBytes(StandardCharsets.US_ASCII);

  private FormatProbe() {}

  /**
   * The format of a data set; a file named {@code *.parquet} counts as Parquet and one named {@code
   * *.png}, {@code *.jpg} or {@code *.jpeg} as an image whatever it holds, so that a damaged one is
   * refused and not read as text.
   *
   * @throws InputException if several formats occur, or every file has 0 bytes
   */
  static DataFormat detect(DataFiles data, Configuration configuration) {
    List<DataFormat> formats = Concurrently.map(data.files(), file -> of(file, configuration));
    for (DataFormat special : List.of(DataFormat.PARQUET, DataFormat.IMAGES)) {
      int found = formats.indexOf(special);
      for (int i = 0; found >= 0 && i < formats.size(); i++) {
        if (formats.get(i) != special) {
          throw new InputException(
              "Cannot read %s: %s is %s and %s is not; name the files of one format"
                  .formatted(
                      data.uri(),
                      data.files().get(found).path(),
                      special == DataFormat.PARQUET ? "Parquet" : "an image",
                      data.files().get(i).path()));
        }
      }
      if (found >= 0) {
        return special;
      }
    }
    if (data.bytes() == 0) {
      throw new InputException(
          "No data: %s has 0 bytes in %d files".formatted(data.uri(), data.files().size()));
    }
    return DataFormat.TEXT;
  }

  private static DataFormat of(DataFile file, Configuration configuration) {
    if (file.path().endsWith(".parquet")) {
      return DataFormat.PARQUET;
    }
    if (ImageFormat.named(file.path())) {
      return DataFormat.IMAGES;
    }
    Path path = new Path(file.path());
    try (FSDataInputStream in = path.getFileSystem(configuration).open(path)) {
      byte[] head = in.readNBytes(ImageFormat.HEAD_BYTES);
      byte[] magic = Arrays.copyOf(head, MAGIC.length);
      if (Arrays.equals(magic, MAGIC) || Arrays.equals(magic, ENCRYPTED)) {
        return DataFormat.PARQUET;
      }
      return ImageFormat.of(head).isPresent() ? DataFormat.IMAGES : DataFormat.TEXT;
    } catch (IOException e) {
      throw new InputException("Cannot read " + file.path() + ": " + e.getMessage(), e);
    }
  }
}
