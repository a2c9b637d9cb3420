package dev.tare.jobs.platform;

import dev.tare.jobs.TareException;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Explains a heap that is too small, of the driver or of an executor, and a process that was killed
 * for lack of memory.
 */
final class MemoryFault {

  private static final Pattern EXIT =
      Pattern.compile("[Cc]ommand exited with code 52|exit code 52\\b");
  private static final Pattern SMALL_SYSTEM =
      Pattern.compile("System memory (\\d+) must be at least (\\d+)");
  private static final Pattern SMALL_EXECUTOR =
      Pattern.compile("Executor memory (\\d+) must be at least (\\d+)");

  private MemoryFault() {}

  static Optional<TareException> of(Causes causes) {
    Optional<OutOfMemoryError> here = causes.first(OutOfMemoryError.class);
    if (here.filter(e -> text(e).contains("native thread")).isPresent()) {
      return fault(
          causes,
          "No more threads can be started (%s): allow more processes (ulimit -u), or run fewer tasks at once (--master local[2])"
              .formatted(text(here.get())));
    }
    if (here.filter(e -> text(e).contains("irect buffer")).isPresent()) {
      return fault(
          causes,
          "Too little memory for buffers outside of the heap (%s): %s"
              .formatted(text(here.get()), advice(causes)));
    }
    Matcher system = SMALL_SYSTEM.matcher(causes.line("System memory"));
    if (system.find()) {
      return fault(
          causes,
          "The driver's heap of %s is too small, Spark wants %s: %s"
              .formatted(megabytes(system.group(1)), megabytes(system.group(2)), driver()));
    }
    Matcher executor = SMALL_EXECUTOR.matcher(causes.line("Executor memory"));
    if (executor.find()) {
      return fault(
          causes,
          "An executor's heap of %s is too small, Spark wants %s: %s"
              .formatted(megabytes(executor.group(1)), megabytes(executor.group(2)), executors()));
    }
    if (here.isPresent()
        || EXIT.matcher(causes.line("code 52")).find()
        || causes.say(
            "java.lang.OutOfMemoryError",
            "SparkOutOfMemoryError",
            "Total size of serialized results")) {
      return fault(causes, heap(causes));
    }
    return Optional.empty();
  }

  private static String heap(Causes causes) {
    if (causes.say("Total size of serialized results")) {
      return "Results are larger than the driver may hold: raise it with --conf"
          + " spark.driver.maxResultSize=1g";
    }
    return inExecutor(causes)
        ? "The heap of an executor is too small (out of memory): " + executors()
        : "The heap of %s is too small (out of memory): %s"
            .formatted(megabytes(String.valueOf(Runtime.getRuntime().maxMemory())), driver());
  }

  private static String advice(Causes causes) {
    return inExecutor(causes) ? executors() : driver();
  }

  /** An embedded Spark runs its tasks in the driver. */
  private static boolean inExecutor(Causes causes) {
    boolean task = causes.say("Job aborted", "Lost task", "ExecutorLostFailure", "in stage");
    return task && !System.getProperty("spark.master", "local").startsWith("local");
  }

  private static String driver() {
    return "give more with TARE_DRIVER_MEMORY=4g for the launcher, or --driver-memory 4g before the"
        + " subcommand";
  }

  private static String executors() {
    return "give more with --conf spark.executor.memory=4g before the subcommand, or fewer tasks at"
        + " once with --conf spark.executor.cores=1";
  }

  private static String megabytes(String bytes) {
    return Long.parseLong(bytes) / (1 << 20) + " MiB";
  }

  private static String text(Throwable failure) {
    return String.valueOf(failure.getMessage());
  }

  private static Optional<TareException> fault(Causes causes, String message) {
    return Optional.of(TareException.place(message, causes.all().get(0)));
  }
}
