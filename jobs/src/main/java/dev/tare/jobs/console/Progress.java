package dev.tare.jobs.console;

import dev.tare.jobs.Printable;
import dev.tare.jobs.SparkJobs;
import java.io.IOException;
import java.io.PrintStream;
import java.util.Locale;
import org.apache.spark.sql.SparkSession;
import scala.jdk.javaapi.OptionConverters;

/**
 * Shows the progress of a run: a line at the start and at the end of each stage, and between them a
 * bar on a terminal, or occasional lines elsewhere.
 */
public final class Progress {

  private final PrintStream out;
  private final int stages;
  private int stage;

  /**
   * @param out receives lines; standard error, so that results can be piped
   * @param stages number of stages
   */
  public Progress(PrintStream out, int stages) {
    this.out = out;
    this.stages = stages;
  }

  public interface Work<T> {
    T run() throws IOException;
  }

  public interface Summary<T> {
    String of(T result);
  }

  /** Runs a stage between its two lines. */
  public <T> T stage(String name, String doing, Work<T> work, Summary<T> summary)
      throws IOException {
    stage++;
    long start = System.nanoTime();
    out.printf(Locale.ROOT, "[%d/%d] %-10s %s ...%n", stage, stages, name, doing);
    T result = follow(work);
    out.printf(
        Locale.ROOT,
        "      %-10s %s (%.1f s)%n",
        "",
        Printable.message(summary.of(result)),
        (System.nanoTime() - start) / 1e9);
    return result;
  }

  /** Runs work and shows the progress of its Spark jobs. */
  public <T> T follow(Work<T> work) throws IOException {
    SparkSession spark = OptionConverters.toJava(SparkSession.getDefaultSession()).orElse(null);
    if (spark == null) {
      return work.run();
    }
    try (JobDisplay display = display()) {
      JobWatch watch = new JobWatch(display);
      SparkJobs.listen(spark, watch);
      try {
        return work.run();
      } finally {
        SparkJobs.unlisten(spark, watch);
      }
    }
  }

  private JobDisplay display() {
    return out == System.err && Terminal.redraws(System.getenv())
        ? new JobBar(out, Terminal.columns(System.getenv()))
        : new JobLines(out, System::nanoTime);
  }

  public void line(String text) {
    out.println(Printable.message(text));
  }
}
