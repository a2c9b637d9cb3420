package dev.tare.jobs.demo;

import dev.tare.jobs.TareException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.List;

/**
 * The files that the demos read, and the folder they write to.
 *
 * @param assets models and texts, as Maven fetched them and as the archive has them
 */
public record DemoFiles(Path assets) {

  /**
   * The files of this installation.
   *
   * @throws TareException (bad input) if they are not where the launcher says
   */
  static DemoFiles find() {
    String folder = System.getProperty("tare.assets", "");
    if (folder.isEmpty() || !Files.isDirectory(Path.of(folder))) {
      throw TareException.badInput(
          "The demo's model and text are missing"
              + (folder.isEmpty() ? "" : " in " + folder)
              + ": start it with deploy/tare demo in a clone, which lets Maven fetch them, or with"
              + " bin/tare demo in the unpacked archive, which has them");
    }
    return new DemoFiles(Path.of(folder).toAbsolutePath().normalize());
  }

  /** Returns a fetched file by name. */
  Path asset(String name) {
    return assets.resolve(name);
  }

  /**
   * Returns the folder that demos write to; creates it if necessary. It is {@code tare-demo} where
   * the user stands, or in the user's state folder where that cannot be written.
   */
  Path home() throws IOException {
    Path here = Path.of("").toAbsolutePath();
    return Files.createDirectories(Files.isWritable(here) ? here.resolve("tare-demo") : state());
  }

  private static Path state() {
    String state = System.getenv("XDG_STATE_HOME");
    Path folder =
        state == null || state.isEmpty()
            ? Path.of(System.getProperty("user.home"), ".local", "state")
            : Path.of(state);
    return folder.resolve("tare").resolve("demo");
  }

  /** Reads the definitions of WordNet 3.1. */
  List<String> definitions() throws IOException {
    return WordNetDefinitions.read(asset("net/sf/extjwnl/data/wordnet/wn31"));
  }

  /** Returns a new folder below {@link #home}. */
  Path newRun() throws IOException {
    return home()
        .resolve(
            "run-"
                + LocalDateTime.now(ZoneId.systemDefault())
                    .format(DateTimeFormatter.ofPattern("yyyyMMdd-HHmmss")));
  }
}
