package dev.tare.jobs.input;

import java.io.IOException;
import java.io.Serializable;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A file that every JVM can have on its own disk; travels in closures as a reference, never with
 * its bytes.
 */
public interface LocalFile extends Serializable {

  /** The file on this machine, fetched first if need be; its content never changes. */
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

  /** Equal for files of equal content alone. */
  default String identity() {
    return path().toAbsolutePath().toString();
  }

  /** The name in messages. */
  default String displayName() {
    return path().toString();
  }
}
