package dev.tare.jobs.console;

/** Displays the progress of Spark jobs; thread-safe. */
public interface JobDisplay extends AutoCloseable {

  /**
   * Shows the current work.
   *
   * @param work its description, as in Spark's UI
   * @param done rows or tasks, at most the total
   * @param total at least 1
   */
  void show(String work, long done, long total);

  /** Removes what must not stay on the screen. */
  @Override
  void close();
}
