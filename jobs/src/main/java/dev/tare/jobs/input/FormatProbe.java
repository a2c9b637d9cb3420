package dev.tare.jobs.input;

import dev.tare.jobs.Concurrently;
import dev.tare.jobs.image.ImageFormat;
import dev.tare.jobs.input.DataFiles.DataFile;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.io.compress.CompressionCodec;
import org.apache.hadoop.io.compress.CompressionCodecFactory;

/**
 * Distinguishes Parquet, tables in text, images and text by the names and the first bytes of every
 * file.
 */
final class FormatProbe {

  private static final byte[] MAGIC = "PAR1".getBytes(StandardCharsets.US_ASCII);
  private static final byte[] ENCRYPTED = "PARE".getBytes(StandardCharsets.US_ASCII);

  private static final List<DataFormat> SPECIAL =
      List.of(
          DataFormat.PARQUET, DataFormat.IMAGES, DataFormat.CSV, DataFormat.TSV, DataFormat.JSON);

  private FormatProbe() {}

  /**
   * What a file is.
   *
   * @param refusal why it cannot be text, if it is neither Parquet nor an image
   */
  private record Verdict(DataFormat format, Optional<String> refusal) {}

  /**
   * The format of a data set; a file named {@code *.parquet} counts as Parquet, one named {@code
   * *.csv}, {@code *.tsv}, {@code *.json} or {@code *.jsonl} as such a table, and one named {@code
   * *.png}, {@code *.jpg} or {@code *.jpeg} as an image whatever its content is, so that a damaged
   * one is refused and not read as text.
   *
   * @throws InputException if several formats occur, every file has 0 bytes, or a file is of
   *     another kind than these by its name or content
   */
  static DataFormat detect(DataFiles data, Configuration configuration) {
    List<Verdict> verdicts = Concurrently.map(data.files(), file -> of(file, configuration));
    List<DataFormat> formats = verdicts.stream().map(Verdict::format).toList();
    for (DataFormat special : SPECIAL) {
      int found = formats.indexOf(special);
      for (int i = 0; found >= 0 && i < formats.size(); i++) {
        if (formats.get(i) != special) {
          throw new InputException(
              "Cannot read %s: %s is %s and %s is not; name the files of one format"
                  .formatted(
                      data.uri(),
                      data.files().get(found).path(),
                      described(special),
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
    verdicts.forEach(verdict -> verdict.refusal().ifPresent(FormatProbe::refuse));
    return DataFormat.TEXT;
  }

  private static String described(DataFormat format) {
    return switch (format) {
      case PARQUET -> "Parquet";
      case IMAGES -> "an image";
      default -> format.name();
    };
  }

  /**
   * Checks files that the user declared as text: their lines may have any form, but they must be
   * lines.
   *
   * @throws InputException if a file is UTF-16, compressed under a name that does not say so, or
   *     binary
   */
  static void requireText(DataFiles data, Configuration configuration) {
    Concurrently.map(
            data.files(),
            file ->
                FileKind.binary(head(file, configuration))
                    .map(kind -> "Cannot read %s as text: it is %s".formatted(file.path(), kind)))
        .forEach(refusal -> refusal.ifPresent(FormatProbe::refuse));
  }

  private static void refuse(String refusal) {
    throw new InputException(refusal);
  }

  private static Verdict of(DataFile file, Configuration configuration) {
    if (file.path().endsWith(".parquet")) {
      return new Verdict(DataFormat.PARQUET, Optional.empty());
    }
    if (ImageFormat.named(file.path())) {
      return new Verdict(DataFormat.IMAGES, Optional.empty());
    }
    Optional<DataFormat> table = FileKind.table(file.path());
    if (table.isPresent()) {
      return new Verdict(table.get(), Optional.empty());
    }
    byte[] bytes = firstBytes(file, configuration);
    byte[] magic = Arrays.copyOf(bytes, MAGIC.length);
    if (Arrays.equals(magic, MAGIC) || Arrays.equals(magic, ENCRYPTED)) {
      return new Verdict(DataFormat.PARQUET, Optional.empty());
    }
    if (ImageFormat.of(bytes).isPresent()) {
      return new Verdict(DataFormat.IMAGES, Optional.empty());
    }
    return new Verdict(DataFormat.TEXT, noText(file, configuration));
  }

  private static Optional<String> noText(DataFile file, Configuration configuration) {
    if (file.bytes() == 0) {
      return Optional.empty();
    }
    Optional<String> named = FileKind.named(file.path());
    if (named.isPresent()) {
      return Optional.of(otherKind(file, "by its name it is " + named.get()));
    }
    byte[] head = head(file, configuration);
    Optional<String> binary = FileKind.binary(head);
    if (binary.isPresent()) {
      return Optional.of("Cannot read %s as text: it is %s".formatted(file.path(), binary.get()));
    }
    return FileKind.structured(lines(head)).map(kind -> otherKind(file, "it looks like " + kind));
  }

  private static String otherKind(DataFile file, String what) {
    return ("Cannot read %s as text: %s; write it as Parquet, CSV or JSON lines, with a column of"
            + " texts or with the model's inputs as columns, or say what it is by --format csv, tsv"
            + " or json; --format text takes every line as it is, a header too, as a sample")
        .formatted(file.path(), what);
  }

  /** Whole lines that are not blank; the last may be cut off. */
  private static List<String> lines(byte[] head) {
    String text = new String(head, StandardCharsets.UTF_8);
    text = text.startsWith("\uFEFF") ? text.substring(1) : text;
    int end = head.length < FileKind.HEAD_BYTES ? text.length() : text.lastIndexOf('\n');
    return text.substring(0, end < 0 ? text.length() : end)
        .lines()
        .filter(line -> !line.isBlank())
        .toList();
  }

  private static byte[] firstBytes(DataFile file, Configuration configuration) {
    Path path = new Path(file.path());
    try (InputStream in = path.getFileSystem(configuration).open(path)) {
      return in.readNBytes(ImageFormat.HEAD_BYTES);
    } catch (IOException e) {
      throw new InputException("Cannot read " + file.path() + ": " + e.getMessage(), e);
    }
  }

  /** The beginning of a file, unpacked where its name says that it is compressed. */
  static byte[] head(DataFile file, Configuration configuration) {
    Path path = new Path(file.path());
    CompressionCodec codec = new CompressionCodecFactory(configuration).getCodec(path);
    try (InputStream in = path.getFileSystem(configuration).open(path)) {
      if (codec == null || file.bytes() == 0) {
        return in.readNBytes(FileKind.HEAD_BYTES);
      }
      try (InputStream unpacked = codec.createInputStream(in)) {
        return unpacked.readNBytes(FileKind.HEAD_BYTES);
      }
    } catch (IOException | RuntimeException e) {
      // A codec without its native library throws UnsatisfiedLinkError.
      throw new InputException(
          codec == null
              ? "Cannot read " + file.path() + ": " + e.getMessage()
              : "Cannot unpack %s as %s: %s; unpack it, or use gzip"
                  .formatted(file.path(), codec.getClass().getSimpleName(), e.getMessage()),
          e);
    }
  }
}
