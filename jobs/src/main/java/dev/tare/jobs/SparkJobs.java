package dev.tare.jobs;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.SparkConf;
import org.apache.spark.SparkContext;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.sql.SparkSession;
import scala.jdk.javaapi.CollectionConverters;
import scala.jdk.javaapi.OptionConverters;

/**
 * The one place that touches SparkContext: job descriptions that read like the README, listeners,
 * and what the cluster offers.
 */
public final class SparkJobs {

  private static final String HADOOP = "spark.hadoop.";

  /** Spark's own defaults. */
  private static final double SPARK_SHARE = 0.6;

  private static final String EXECUTOR_MEMORY = "1g";

  private static final Pattern LOCAL_THREADS =
      Pattern.compile("local\\[\\s*([0-9]{1,6}|\\*)\\s*(,.*)?\\]");

  private SparkJobs() {}

  /** Describes the jobs that follow on this thread, for Spark's UI. */
  public static void describe(SparkSession spark, String description) {
    spark.sparkContext().setJobDescription(description);
  }

  /** Tells a listener of the jobs, stages and tasks that follow. */
  public static void listen(SparkSession spark, SparkListener listener) {
    spark.sparkContext().addSparkListener(listener);
  }

  /** Ends {@link #listen}. */
  public static void unlisten(SparkSession spark, SparkListener listener) {
    spark.sparkContext().removeSparkListener(listener);
  }

  /** Ends what Spark logs: a stop breaks off everything, and of all that it would complain. */
  public static void silence() {
    if (SparkSession.getDefaultSession().isDefined()) {
      SparkSession.getDefaultSession().get().sparkContext().setLogLevel("OFF");
    }
  }

  /**
   * A copy of Hadoop's settings as Spark's own readers see them: those that the driver started
   * with, and over them the session's, {@code spark.hadoop.*} without its prefix.
   */
  public static Configuration hadoop(SparkSession spark) {
    Configuration hadoop = new Configuration(spark.sparkContext().hadoopConfiguration());
    CollectionConverters.asJava(spark.conf().getAll())
        .forEach(
            (key, value) -> {
              String name = key.startsWith(HADOOP) ? key.substring(HADOOP.length()) : key;
              // Spark's own settings mean nothing to Hadoop, and may be secrets.
              if (value != null && !name.startsWith("spark.")) {
                hadoop.set(name, value);
              }
            });
    return hadoop;
  }

  /**
   * The id under which a cluster knows the session, and where its pages are while it lasts; empty
   * where Spark runs inside this JVM.
   */
  public static Optional<String> application(SparkSession spark) {
    SparkContext context = spark.sparkContext();
    if (context.isLocal()) {
      return Optional.empty();
    }
    Optional<String> pages = OptionConverters.toJava(context.uiWebUrl());
    return Optional.of(context.applicationId() + pages.map(url -> " at " + url).orElse(""));
  }

  /** Tasks that can run at once now. */
  public static int parallelism(SparkSession spark) {
    return Math.max(1, spark.sparkContext().defaultParallelism());
  }

  /** The heap in which tasks run: that of this JVM, or the one that executors are asked for. */
  public static TaskHeap taskHeap(SparkSession spark) {
    SparkContext context = spark.sparkContext();
    SparkConf conf = context.conf();
    double share = conf.getDouble("spark.memory.fraction", SPARK_SHARE);
    if (context.isLocal()) {
      return new TaskHeap(
          Runtime.getRuntime().maxMemory(),
          share,
          "TARE_DRIVER_MEMORY=%s (Spark's --driver-memory)",
          together(localTasks(context.master()), spark));
    }
    String size =
        Optional.ofNullable(System.getenv("SPARK_EXECUTOR_MEMORY")).orElse(EXECUTOR_MEMORY);
    int cores = conf.getInt("spark.executor.cores", 0);
    return new TaskHeap(
        conf.getSizeAsBytes("spark.executor.memory", size),
        share,
        "--conf spark.executor.memory=%s",
        cores == 0 ? 0 : together(cores, spark));
  }

  private static int together(int cores, SparkSession spark) {
    return Math.max(1, cores / taskCpus(spark));
  }

  /** Threads behind {@code local}, {@code local[N]}, {@code local[*]}, also with failures named. */
  private static int localTasks(String master) {
    Matcher threads = LOCAL_THREADS.matcher(master);
    if (!threads.matches()) {
      return 1;
    }
    return threads.group(1).equals("*")
        ? Runtime.getRuntime().availableProcessors()
        : Integer.parseInt(threads.group(1));
  }

  /** Cores that one task may use: ONNX Runtime's threads. */
  public static int taskCpus(SparkSession spark) {
    return spark.sparkContext().conf().getInt("spark.task.cpus", 1);
  }
}
