package dev.tare.jobs.input;

import java.util.Optional;
import org.apache.spark.SparkThrowable;

/** Data that cannot be calibrated or evaluated on; the message names file, column or row. */
public final class InputException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  public InputException(String message) {
    super(message);
  }

  public InputException(String message, Throwable cause) {
    super(message, cause);
  }

  /**
   * Makes an error of input from a failed job, if Spark could not read a file: damaged pages are
   * found only while they are read.
   *
   * @param failure what an action on a data set threw
   */
  public static Optional<InputException> ofFailedRead(Throwable failure) {
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      if (cause instanceof SparkThrowable spark) {
        Optional<String> file = FileErrors.unread(spark);
        if (file.isPresent()) {
          return Optional.of(
              new InputException(
                  "Cannot read %s: %s".formatted(file.get(), root(cause).getMessage()), failure));
        }
      }
      if (cause instanceof InputException input) {
        return Optional.of(input);
      }
    }
    return Optional.empty();
  }

  private static Throwable root(Throwable failure) {
    Throwable root = failure;
    while (root.getCause() != null) {
      root = root.getCause();
    }
    return root;
  }
}
