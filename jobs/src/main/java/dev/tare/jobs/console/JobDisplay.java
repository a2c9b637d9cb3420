package dev.tare.jobs.console;

/** Where a person sees how far the jobs of Spark are; thread-safe. */
public interface JobDisplay extends AutoCloseable {

  /**
   * Shows the work that goes on.
   *
   * @param work what is done, as Spark's UI names it
   * @param done rows or tasks, at most the total
   * @param total at least 1
   */
  void show(String work, long done, long total);

  /** Takes away what must not stay. */
  @Override
  void close();
}
