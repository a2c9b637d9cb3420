package dev.tare.jobs.console;

import dev.tare.jobs.Printable;
import java.io.PrintStream;

/**
 * The output streams of a command.
 *
 * @param out results, which can be piped
 * @param progress messages about progress; standard error
 */
public record Console(PrintStream out, PrintStream progress) {

  /** Prints a line about progress, with hidden characters escaped. */
  public void line(String text) {
    progress.println(Printable.message(text));
  }
}
