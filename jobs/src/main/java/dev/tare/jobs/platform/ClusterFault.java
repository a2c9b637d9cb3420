package dev.tare.jobs.platform;

import dev.tare.jobs.TareException;
import java.net.ConnectException;
import java.net.NoRouteToHostException;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Explains a cluster that cannot be reached or was lost, and executors that are lost repeatedly.
 */
final class ClusterFault {

  private static final Pattern EXITED = Pattern.compile("exited with code (\\d+)|exit code (\\d+)");
  private static final String[] GONE = {
    "All masters are unresponsive",
    "Cannot call methods on a stopped SparkContext",
    "SparkContext was shut down",
    "SparkContext has been shutdown",
    "because SparkContext is stopped",
    "SparkContext is stopping",
    "Application has been killed",
    "Master removed our application",
    "Could not find CoarseGrainedScheduler",
    "SparkEnv.get()\" is null",
    "RpcEnv already stopped",
    "Could not connect to",
    "YARN application has exited unexpectedly"
  };
  private static final String[] LOST = {
    "ExecutorLostFailure",
    "Remote RPC client disassociated",
    "FetchFailed",
    "Failed to get broadcast",
    "cannot run anywhere due to node and executor excludeOnFailure",
    "executor heartbeat timed out",
    "Executor heartbeat timed out"
  };

  private ClusterFault() {}

  static Optional<TareException> of(Causes causes) {
    String master = System.getProperty("spark.master", "the cluster");
    if (causes.say(LOST)) {
      return fault(causes, "Executors were lost again and again" + exited(causes));
    }
    if (causes.say(GONE)) {
      return fault(
          causes,
          "Spark's session ended before the work was done (%s): is %s up, and does it admit this application?"
              .formatted(causes.line(GONE), master));
    }
    for (Throwable cause : causes.all()) {
      if (cause instanceof ConnectException
          || cause instanceof NoRouteToHostException
          || cause instanceof UnknownHostException
          || cause instanceof SocketTimeoutException) {
        return fault(causes, "A host cannot be reached: " + cause.getMessage());
      }
    }
    return Optional.empty();
  }

  private static String exited(Causes causes) {
    Matcher exit = EXITED.matcher(causes.line(LOST));
    String code = exit.find() ? exit.group(1) != null ? exit.group(1) : exit.group(2) : "";
    return switch (code) {
      case "" -> "; their logs say why";
      case "137" ->
          " (killed): mostly for memory beyond the heap, which --conf"
              + " spark.executor.memoryOverhead=2g gives, or by a preemption";
      case "134", "139" ->
          " (native code crashed, exit code %s); their logs say where".formatted(code);
      default -> " (exit code %s); their logs say why".formatted(code);
    };
  }

  private static Optional<TareException> fault(Causes causes, String message) {
    return Optional.of(TareException.platform(message, causes.all().get(0)));
  }
}
