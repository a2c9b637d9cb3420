package dev.tare.jobs.input;

import dev.tare.jobs.input.DataFiles.DataFile;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.Path;

/** Tells Parquet from text by the first four bytes of every file. */
final class FormatProbe {

  private static final byte[] MAGIC = "PAR1".getBytes(StandardCharsets.US_ASCII);
  private static final byte[] ENCRYPTED = "PARE".getBytes(StandardCharsets.US_ASCII);

  private FormatProbe() {}

  /**
   * The format of a data set; a file named {@code *.parquet} counts as Parquet whatever it holds,
   * so that a damaged one is refused and not read as text.
   *
   * @throws InputException if both formats occur, or every file has 0 bytes
   */
  static DataFormat detect(DataFiles data, Configuration configuration) {
    List<Boolean> parquet = Concurrently.map(data.files(), file -> isParquet(file, configuration));
    Optional<DataFile> one = first(data, parquet, true);
    Optional<DataFile> other = first(data, parquet, false);
    if (one.isPresent() && other.isPresent()) {
      throw new InputException(
          "Cannot read %s: %s is Parquet and %s is not; name the files of one format"
              .formatted(data.uri(), one.get().path(), other.get().path()));
    }
    if (one.isPresent()) {
      return DataFormat.PARQUET;
    }
    if (data.bytes() == 0) {
      throw new InputException(
          "No data: %s has 0 bytes in %d files".formatted(data.uri(), data.files().size()));
    }
    return DataFormat.TEXT;
  }

  private static Optional<DataFile> first(DataFiles data, List<Boolean> parquet, boolean wanted) {
    for (int i = 0; i < parquet.size(); i++) {
      if (parquet.get(i) == wanted) {
        return Optional.of(data.files().get(i));
      }
    }
    return Optional.empty();
  }

  private static boolean isParquet(DataFile file, Configuration configuration) {
    if (file.path().endsWith(".parquet")) {
      return true;
    }
    Path path = new Path(file.path());
    try (FSDataInputStream in = path.getFileSystem(configuration).open(path)) {
      byte[] head = in.readNBytes(MAGIC.length);
      return Arrays.equals(head, MAGIC) || Arrays.equals(head, ENCRYPTED);
    } catch (IOException e) {
      throw new InputException("Cannot read " + file.path() + ": " + e.getMessage(), e);
    }
  }
}
