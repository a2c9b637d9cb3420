package dev.tare.jobs.platform;

import dev.tare.jobs.TareException;
import java.util.Optional;

/** Explains a full disk, and a temporary folder that cannot be written. */
final class DiskFault {

  private static final String[] FULL = {
    "No space left on device",
    "Disk quota exceeded",
    "not enough space on the disk",
    "DiskErrorException"
  };
  private static final String[] CLOSED = {
    "Failed to create a temp directory",
    "Failed to create local dir",
    "Failed to create directory",
    "Failed to get a temp directory",
    "Unable to create temporary"
  };

  private DiskFault() {}

  static Optional<TareException> of(Causes causes) {
    String temporary = System.getProperty("java.io.tmpdir");
    if (causes.say(FULL)) {
      return fault(
          causes,
          "A disk is full (%s). Temporary files are in %s: let TMPDIR name a larger folder, on executors SPARK_LOCAL_DIRS; or make room at the output"
              .formatted(causes.line(FULL), temporary));
    }
    if (causes.say(CLOSED) || (causes.say("Read-only file system") && causes.say(temporary))) {
      return fault(
          causes,
          "Temporary files cannot be made in %s (%s): let TMPDIR name a folder that can be written, on executors SPARK_LOCAL_DIRS"
              .formatted(temporary, causes.root().getMessage()));
    }
    return Optional.empty();
  }

  private static Optional<TareException> fault(Causes causes, String message) {
    return Optional.of(TareException.place(message, causes.all().get(0)));
  }
}
