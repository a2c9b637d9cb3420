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

/** A Spark session that ends with the work, unless somebody else had started it. */
public final class Session implements AutoCloseable {

  private final SparkSession spark;
  private final boolean own;

  private Session(SparkSession spark, boolean own) {
    this.spark = spark;
    this.own = own;
  }

  /**
   * Lets work run on a session of its own; what fails in it is explained.
   *
   * @param subcommand as it is typed
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
   * Opens a session for a subcommand, and says on a cluster which application it is.
   *
   * @param subcommand as it is typed
   * @param run id or location of the run that it makes or reads: Spark's pages show the last path
   *     element; empty if there is none
   * @param progress where lines for a person go
   * @throws dev.tare.jobs.TareException (usage) if Spark does not take its settings; (platform) if
   *     the cluster cannot be reached
   */
  private static Session open(String subcommand, Optional<String> run, PrintStream progress) {
    boolean own = SparkSession.getDefaultSession().isEmpty();
    String name =
        "tare " + subcommand + run.map(location -> " " + lastElement(location)).orElse("");
    SparkSession.Builder builder =
        SparkSession.builder()
            .appName(name)
            // Tensor names are data: 'W' and 'w' are two tensors.
            .config("spark.sql.caseSensitive", true)
            // Executors that start from here on: ONNX Runtime and the tokenizer shall not call
            // home.
            .config("spark.executorEnv.ORT_DISABLE_TELEMETRY", "1")
            .config("spark.executorEnv.OPT_OUT_TRACKING", "true");
    Umask.unlessSet().ifPresent(umask -> builder.config("spark.hadoop." + Umask.KEY, umask));
    if (System.getProperty("spark.master", "local").startsWith("local")) {
      // A task that is out of memory shall fail, not end the JVM that has to tell of it.
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
      // All of them: a setting that Spark does not take shows as any kind of failure.
      Stop.check();
      throw Faults.ofStart(e);
    }
  }

  /** Before anybody has looked whether it is a location at all. */
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
