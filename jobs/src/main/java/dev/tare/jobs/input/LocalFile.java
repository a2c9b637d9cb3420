package dev.tare.jobs.input;

import java.io.IOException;
import java.io.Serializable;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A file that every JVM can fetch to its disk; closures contain only a reference to it, never its
 * bytes.
 */
public interface LocalFile extends Serializable {

  /** The file on this machine, fetched first if necessary; its content never changes. */
  Path path();

  /**
   * The bytes, read as a whole.
   *
   * @throws InputException if it cannot be read
   */
  default byte[] content() {
    try {
      return Files.readAllBytes(path());
    } catch (IOException e) {
      throw new InputException("Cannot read " + displayName() + ": " + e.getMessage(), e);
    }
  }

  /** A key that is equal exactly for files with equal content. */
  default String identity() {
    return path().toAbsolutePath().toString();
  }

  /** The name in messages. */
  default String displayName() {
    return path().toString();
  }
}
