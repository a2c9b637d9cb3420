package dev.tare.jobs.storage;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/**
 * Attributes of a local file that change when it is written or replaced, even if its length and
 * modification time are restored. A file with a different stamp may still have the same content.
 *
 * @param attributes by name
 */
public record FileStamp(Map<String, String> attributes) {

  private static final Set<String> TIMES = Set.of("lastModifiedTime", "ctime", "creationTime");

  /** Returns the stamp of a file, following links; empty if there is no readable file. */
  public static Optional<FileStamp> of(Path file) throws IOException {
    if (!Files.isReadable(file)) {
      return Optional.empty();
    }
    boolean unix = file.getFileSystem().supportedFileAttributeViews().contains("unix");
    Map<String, String> attributes = new TreeMap<>();
    try {
      Files.readAttributes(
              file,
              unix
                  ? "unix:dev,ino,size,lastModifiedTime,ctime"
                  : "fileKey,size,lastModifiedTime,creationTime")
          .forEach((name, value) -> attributes.put(name, String.valueOf(value)));
      return Optional.of(new FileStamp(attributes));
    } catch (NoSuchFileException e) {
      return Optional.empty();
    }
  }

  /**
   * Whether nothing touched the file after a time. Clocks of file systems are coarse: what was
   * written just now may be written again and have the same stamp.
   */
  boolean untouchedSince(Instant time) {
    return attributes.entrySet().stream()
        .filter(entry -> TIMES.contains(entry.getKey()))
        .allMatch(entry -> Instant.parse(entry.getValue()).isBefore(time));
  }

  long bytes() {
    return Long.parseLong(attributes.get("size"));
  }
}
