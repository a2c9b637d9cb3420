package dev.tare.jobs.input;

import java.util.Optional;
import org.apache.spark.SparkThrowable;

/** How Spark 4 says that it could not read a file. */
final class FileErrors {

  private FileErrors() {}

  /** The file that could not be read; empty if the error is another. */
  static Optional<String> unread(SparkThrowable error) {
    return error.getCondition() != null && error.getCondition().startsWith("FAILED_READ_FILE")
        ? Optional.of(String.valueOf(error.getMessageParameters().get("path")))
        : Optional.empty();
  }
}
