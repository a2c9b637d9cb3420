package dev.tare.jobs.storage;

import dev.tare.jobs.TareException;
import dev.tare.jobs.platform.Causes;
import java.io.File;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.apache.hadoop.fs.Path;

/**
 * Recognizes a full disk among the causes of a failure: on the driver, in a Spark task, whose
 * exception arrives as text, or on a store with a quota.
 */
final class FullDisk {
  private static final String[] SIGNS = {
    "No space left on device",
    "Disk quota exceeded",
    "DSQuotaExceededException",
    "There is not enough space on the disk"
  };

  private FullDisk() {}

  /**
   * Returns the error for the user, if it was one: the run, what failed, and the free space on this
   * machine.
   */
  static Optional<TareException> behind(Throwable failure, Path run) {
    Causes causes = Causes.of(failure);
    if (!causes.say(SIGNS)) {
      return Optional.empty();
    }
    return Optional.of(
        TareException.usage(
            "No space left to write the run %s: %s. %s"
                .formatted(run, causes.line(SIGNS), room(run)),
            failure));
  }

  private static String room(Path run) {
    Set<String> places = new TreeSet<>();
    if ("file".equals(run.toUri().getScheme())) {
      places.add(existing(new File(run.toUri().getPath())));
    }
    places.add(System.getProperty("java.io.tmpdir"));
    StringBuilder room = new StringBuilder("Free on this machine:");
    for (String place : places) {
      room.append(
          String.format(
              Locale.ROOT, " %,d MB in %s;", new File(place).getUsableSpace() >> 20, place));
    }
    return room.append(" executors may keep their files elsewhere (spark.local.dir)").toString();
  }

  private static String existing(File folder) {
    File found = folder;
    while (!found.exists() && found.getParentFile() != null) {
      found = found.getParentFile();
    }
    return found.getPath();
  }
}
