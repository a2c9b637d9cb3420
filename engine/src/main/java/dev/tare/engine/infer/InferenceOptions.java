package dev.tare.engine.infer;

/**
 * Settings of a session.
 *
 * @param level graph optimization
 * @param intraOpThreads threads inside one operator, at least 1: on Spark, {@code spark.task.cpus}
 */
public record InferenceOptions(OptimizationLevel level, int intraOpThreads) {

  /**
   * @throws IllegalArgumentException if there is no thread
   */
  public InferenceOptions {
    if (intraOpThreads < 1) {
      throw new IllegalArgumentException("Invalid number of threads: " + intraOpThreads);
    }
  }

  /** All optimizations on the given number of threads. */
  public static InferenceOptions of(int intraOpThreads) {
    return new InferenceOptions(OptimizationLevel.ALL, intraOpThreads);
  }
}
