package dev.tare.jobs.console;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/**
 * Properties of the terminal on standard error.
 *
 * <p>{@code TARE_PROGRESS} says {@code bar} or {@code lines}; the launcher sets it where standard
 * error is a terminal. Without it, as under spark-submit, the operating system is queried. Java
 * itself only tells whether both standard input and output are a terminal.
 */
public final class Terminal {

  private static final int DEFAULT_COLUMNS = 80;
  private static final int LEAST_COLUMNS = 20;
  private static final Path STANDARD_ERROR = Path.of("/proc/self/fd/2");

  private Terminal() {}

  /** Whether a line on standard error may be redrawn. */
  public static boolean redraws(Map<String, String> environment) {
    String wish = environment.getOrDefault("TARE_PROGRESS", "");
    if (wish.equals("bar") || wish.equals("lines")) {
      return wish.equals("bar");
    }
    return !environment.getOrDefault("TERM", "dumb").equals("dumb") && isTerminal(STANDARD_ERROR);
  }

  private static boolean isTerminal(Path descriptor) {
    try {
      String target = Files.readSymbolicLink(descriptor).toString();
      return target.startsWith("/dev/pts/") || target.startsWith("/dev/tty");
    } catch (IOException | UnsupportedOperationException e) {
      return false;
    }
  }

  /** Returns its width from {@code COLUMNS}. */
  public static int columns(Map<String, String> environment) {
    try {
      return Math.max(
          LEAST_COLUMNS,
          Integer.parseInt(environment.getOrDefault("COLUMNS", String.valueOf(DEFAULT_COLUMNS))));
    } catch (NumberFormatException e) {
      return DEFAULT_COLUMNS;
    }
  }
}
