package dev.tare.jobs.console;

import java.nio.file.Path;
import java.util.Optional;

/** How the user types Tare: {@code deploy/tare} in a clone, {@code bin/tare} in the archive. */
public final class Launcher {

  private Launcher() {}

  /** Returns a command line as the user of this process would type it. */
  public static String command(String words) {
    return name(Optional.ofNullable(System.getenv("TARE_LAUNCHER"))) + " " + words;
  }

  /** Returns the launcher's folder and name; {@code tare} if another program started Spark. */
  static String name(Optional<String> launcher) {
    return launcher
        .map(Path::of)
        .filter(path -> path.getNameCount() > 1)
        .map(path -> path.subpath(path.getNameCount() - 2, path.getNameCount()).toString())
        .orElse("tare");
  }
}
