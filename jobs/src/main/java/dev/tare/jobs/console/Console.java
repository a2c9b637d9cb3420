package dev.tare.jobs.console;

import dev.tare.jobs.Printable;
import java.io.PrintStream;

/**
 * Where a command writes.
 *
 * @param out results, which can be piped
 * @param progress what a person who waits wants to know; standard error
 */
public record Console(PrintStream out, PrintStream progress) {

  /** A line about the work, of which hidden characters are shown. */
  public void line(String text) {
    progress.println(Printable.message(text));
  }
}
