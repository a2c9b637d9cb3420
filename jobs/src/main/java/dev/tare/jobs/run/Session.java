package dev.tare.jobs.run;

import dev.tare.jobs.SparkJobs;
import dev.tare.jobs.console.Console;
import dev.tare.jobs.platform.Faults;
import dev.tare.jobs.platform.Stop;
import dev.tare.jobs.stage.SparkWork;
import dev.tare.jobs.storage.Umask;
import java.io.IOException;
import java.io.PrintStream;
import java.util.Optional;
import org.apache.spark.sql.SparkSession;

/** A Spark session that is stopped after the work, unless it existed before. */
public final class Session implements AutoCloseable {

  private final SparkSession spark;
  private final boolean own;

  private Session(SparkSession spark, boolean own) {
    this.spark = spark;
    this.own = own;
  }

  /**
   * Runs work in a new session and explains failures.
   *
   * @param subcommand the subcommand's name
   * @param run id or location of the run that it makes or reads, if any
   * @throws dev.tare.jobs.TareException as {@link #open} and {@link Explained#run} do
   */
  public static <T> T use(
      String subcommand, Optional<String> run, Console console, SparkWork<T> work)
      throws IOException {
    try (Session session = open(subcommand, run, console.progress())) {
      return Explained.run(() -> work.run(session.spark));
    }
  }

  /**
   * Opens a session for a subcommand, and prints the application id on a cluster.
   *
   * @param subcommand the subcommand's name
   * @param run id or location of the run that it makes or reads: Spark's pages show the last path
   *     element; empty if there is none
   * @param progress receives messages for the user
   * @throws dev.tare.jobs.TareException (usage) if Spark refuses its settings; (platform) if the
   *     cluster cannot be reached
   */
  private static Session open(String subcommand, Optional<String> run, PrintStream progress) {
    boolean own = SparkSession.getDefaultSession().isEmpty();
    String name =
        "tare " + subcommand + run.map(location -> " " + lastElement(location)).orElse("");
    SparkSession.Builder builder =
        SparkSession.builder()
            // Tensor names are data: 'W' and 'w' are two tensors.
            .config("spark.sql.caseSensitive", true);
    if (own) {
      builder
          .appName(name)
          // For executors that start from here on: ONNX Runtime and the tokenizer must not send
          // telemetry.
          .config("spark.executorEnv.ORT_DISABLE_TELEMETRY", "1")
          .config("spark.executorEnv.OPT_OUT_TRACKING", "true");
    }
    Umask.unlessSet().ifPresent(umask -> builder.config("spark.hadoop." + Umask.KEY, umask));
    if (own && System.getProperty("spark.master", "local").startsWith("local")) {
      // A task that is out of memory must fail, not end the JVM that has to report it.
      builder.config("spark.executor.killOnFatalError.depth", 0);
    }
    SparkSession spark = start(builder);
    if (own) {
      SparkJobs.application(spark)
          .ifPresent(
              application -> progress.println("Spark application " + application + ": " + name));
    }
    return new Session(spark, own);
  }

  private static SparkSession start(SparkSession.Builder builder) {
    Stop.check();
    try {
      return builder.getOrCreate();
    } catch (Throwable e) {
      // All exceptions: a setting that Spark refuses may cause any kind of failure.
      Stop.check();
      throw Faults.ofStart(e);
    }
  }

  /** The text may not be a valid location yet. */
  private static String lastElement(String location) {
    String bare = location.replaceFirst("/+$", "");
    return bare.substring(bare.lastIndexOf('/') + 1);
  }

  @Override
  public void close() {
    if (own) {
      spark.stop();
    }
  }
}
