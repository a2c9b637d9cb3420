package dev.tare.jobs.run;

import java.io.PrintStream;
import java.util.Locale;

/** Tells a person how far a run is: a line when a stage begins and one when it ends. */
final class Progress {

  private final PrintStream out;
  private final int stages;
  private int stage;

  /**
   * @param out where lines go; standard error, so that results can be piped
   * @param stages how many there will be
   */
  Progress(PrintStream out, int stages) {
    this.out = out;
    this.stages = stages;
  }

  interface Work<T> {
    T run() throws java.io.IOException;
  }

  interface Summary<T> {
    String of(T result);
  }

  /** Runs a stage between its two lines. */
  <T> T stage(String name, String doing, Work<T> work, Summary<T> summary)
      throws java.io.IOException {
    stage++;
    long start = System.nanoTime();
    out.printf(Locale.ROOT, "[%d/%d] %-10s %s ...%n", stage, stages, name, doing);
    T result = work.run();
    out.printf(
        Locale.ROOT,
        "      %-10s %s (%.1f s)%n",
        "",
        summary.of(result),
        (System.nanoTime() - start) / 1e9);
    return result;
  }

  void line(String text) {
    out.println(text);
  }
}
