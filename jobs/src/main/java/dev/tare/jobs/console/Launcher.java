package dev.tare.jobs.console;

import java.util.Optional;

/** How the user types Tare: {@code deploy/tare} in a clone, {@code tare} by the PATH. */
public final class Launcher {

  private Launcher() {}

  /** Returns a command line as the user of this process would type it. */
  public static String command(String words) {
    return name(Optional.ofNullable(System.getenv("TARE_LAUNCHER"))) + " " + words;
  }

  /**
   * Returns what the launcher was called by, for a shell; {@code tare} if Spark was started else.
   */
  static String name(Optional<String> launcher) {
    String typed = launcher.filter(name -> !name.isEmpty()).orElse("tare");
    return typed.matches("[\\w./@%+,:=-]+") ? typed : "'" + typed.replace("'", "'\\''") + "'";
  }
}
