package dev.tare.jobs.input;

import java.io.Serializable;
import java.nio.file.Path;

/**
 * A file that every JVM can have on its own disk; travels in closures as a reference, never with
 * its bytes.
 */
public interface LocalFile extends Serializable {

  /** The file on this machine, fetched first if need be; its content never changes. */
  Path path();

  /** The name in messages. */
  default String displayName() {
    return path().toString();
  }
}
