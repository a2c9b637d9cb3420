package dev.tare.jobs.relation;

import dev.tare.jobs.TareException;
import java.util.Optional;
import java.util.Set;
import org.apache.spark.SparkThrowable;

/** Says in one line why a relation cannot be read. */
public final class RelationFailure {

  /**
   * Classes of SQLSTATE for which the query or its data is at fault: values, constraints, functions
   * of the user, names and syntax.
   */
  private static final Set<String> OF_THE_QUERY = Set.of("21", "22", "23", "38", "39", "42", "P0");

  private static final String PYTHON = "PythonException";

  private RelationFailure() {}

  /**
   * The failure of planning.
   *
   * @param relation what was read
   */
  static TareException of(Relation relation, Throwable failure) {
    return TareException.find(failure)
        .orElseGet(
            () ->
                TareException.badInput(
                    "Cannot read %s: %s".formatted(relation.shown(), reason(failure)), failure));
  }

  /**
   * The failure of a job, if the query or a function in it is at fault.
   *
   * @param relation what was read
   * @return empty if something else failed, such as memory or the cluster
   */
  public static Optional<TareException> ofJob(Relation relation, Throwable failure) {
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      boolean python = cause.getClass().getSimpleName().equals(PYTHON);
      boolean query =
          cause instanceof SparkThrowable spark
              && spark.getSqlState() != null
              && spark.getSqlState().length() >= 2
              && OF_THE_QUERY.contains(spark.getSqlState().substring(0, 2));
      if (python || query) {
        return Optional.of(
            TareException.badInput(
                "Cannot read %s: %s"
                    .formatted(relation.shown(), python ? last(cause) : reason(cause)),
                failure));
      }
    }
    return Optional.empty();
  }

  /** Spark's messages continue with plans and places in the query. */
  private static String reason(Throwable failure) {
    String message = String.valueOf(failure.getMessage());
    String first = message.strip().lines().findFirst().orElse("").strip();
    return first.isEmpty() ? failure.getClass().getSimpleName() : first.replaceFirst(";$", "");
  }

  /** The last line of a traceback says what was raised. */
  private static String last(Throwable failure) {
    return String.valueOf(failure.getMessage())
        .strip()
        .lines()
        .filter(line -> !line.isBlank())
        .reduce((before, after) -> after)
        .orElse(PYTHON)
        .strip();
  }
}
