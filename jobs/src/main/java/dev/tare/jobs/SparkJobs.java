package dev.tare.jobs;

import java.io.Serializable;
import java.util.Optional;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.SparkConf;
import org.apache.spark.SparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.sql.SparkSession;
import scala.jdk.javaapi.CollectionConverters;
import scala.jdk.javaapi.OptionConverters;
import scala.reflect.ClassTag;

/**
 * The only class that uses SparkContext: job descriptions, listeners, broadcasts, and the resources
 * of the cluster.
 */
public final class SparkJobs {

  /** Key in Hadoop's settings, which other rooms have, with the id of the Spark application. */
  public static final String APPLICATION = "tare.application-id";

  private static final String DESCRIPTION = "spark.job.description";

  private static final String HADOOP = "spark.hadoop.";

  /** Spark's own defaults. */
  private static final double SPARK_SHARE = 0.6;

  private static final String EXECUTOR_MEMORY = "1g";

  private static final Pattern LOCAL_THREADS =
      Pattern.compile("local\\[\\s*([0-9]{1,6}|\\*)\\s*(,.*)?\\]");

  private SparkJobs() {}

  /** Describes the following jobs of this thread in Spark's UI. */
  public static void describe(SparkSession spark, String description) {
    spark.sparkContext().setJobDescription(description);
  }

  /** Returns the description of this thread's jobs; empty if there is none. */
  public static Optional<String> description(SparkSession spark) {
    return Optional.ofNullable(spark.sparkContext().getLocalProperty(DESCRIPTION));
  }

  /**
   * Sends a value to each executor once, for all tasks that read it, and removes it from them when
   * the work is done or has failed.
   *
   * @param work runs jobs whose tasks read the value
   * @return what the work returns, which must not read the value later
   */
  public static <T extends Serializable, R> R sharing(
      SparkSession spark, T value, Function<Broadcast<Shared<T>>, R> work) {
    Broadcast<Shared<T>> sent =
        spark.sparkContext().broadcast(new Shared<>(value), ClassTag.apply(Shared.class));
    try {
      return work.apply(sent);
    } finally {
      sent.destroy();
    }
  }

  /** Registers a listener for the following jobs, stages and tasks. */
  public static void listen(SparkSession spark, SparkListener listener) {
    spark.sparkContext().addSparkListener(listener);
  }

  /** Unregisters a listener. */
  public static void unlisten(SparkSession spark, SparkListener listener) {
    spark.sparkContext().removeSparkListener(listener);
  }

  /**
   * Turns off Spark's logging: a stop aborts everything, and Spark would log an error for each
   * part.
   */
  public static void silence() {
    if (SparkSession.getDefaultSession().isDefined()) {
      SparkSession.getDefaultSession().get().sparkContext().setLogLevel("OFF");
    }
  }

  /**
   * Returns a copy of Hadoop's settings as Spark's own readers see them: those the driver started
   * with, overridden by the session's {@code spark.hadoop.*}, without the prefix.
   */
  public static Configuration hadoop(SparkSession spark) {
    Configuration hadoop = new Configuration(spark.sparkContext().hadoopConfiguration());
    CollectionConverters.asJava(spark.conf().getAll())
        .forEach(
            (key, value) -> {
              String name = key.startsWith(HADOOP) ? key.substring(HADOOP.length()) : key;
              // Spark's other settings are not used by Hadoop, and may be secrets.
              if (value != null && !name.startsWith("spark.")) {
                hadoop.set(name, value);
              }
            });
    hadoop.set(APPLICATION, spark.sparkContext().applicationId());
    return hadoop;
  }

  /**
   * Returns the application id on the cluster and the address of its UI; empty if Spark runs inside
   * this JVM.
   */
  public static Optional<String> application(SparkSession spark) {
    SparkContext context = spark.sparkContext();
    if (context.isLocal()) {
      return Optional.empty();
    }
    Optional<String> pages = OptionConverters.toJava(context.uiWebUrl());
    return Optional.of(context.applicationId() + pages.map(url -> " at " + url).orElse(""));
  }

  /** Returns the number of tasks that can run at once. */
  public static int parallelism(SparkSession spark) {
    return Math.max(1, spark.sparkContext().defaultParallelism());
  }

  /** Returns the heap in which tasks run: that of this JVM, or the one configured for executors. */
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

  /**
   * Returns the threads of {@code local}, {@code local[N]}, {@code local[*]}, also with a number of
   * failures.
   */
  private static int localTasks(String master) {
    Matcher threads = LOCAL_THREADS.matcher(master);
    if (!threads.matches()) {
      return 1;
    }
    return threads.group(1).equals("*")
        ? Runtime.getRuntime().availableProcessors()
        : Integer.parseInt(threads.group(1));
  }

  /** Returns the cores of one task, which is the number of ONNX Runtime's threads. */
  public static int taskCpus(SparkSession spark) {
    return spark.sparkContext().conf().getInt("spark.task.cpus", 1);
  }
}
