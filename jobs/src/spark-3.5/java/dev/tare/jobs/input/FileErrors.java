package dev.tare.jobs.input;

import java.util.Map;
import java.util.Optional;
import org.apache.spark.SparkThrowable;

/** How Spark 3.5 says that it could not read a file. */
final class FileErrors {

  /** Errors of reading, by number (error-classes.json of Spark), and where each has the file. */
  private static final Map<String, String> FILES =
      Map.of("_LEGACY_ERROR_TEMP_2063", "filePath", "_LEGACY_ERROR_TEMP_2064", "path");

  private FileErrors() {}

  /** The file that could not be read; empty if the error is another. */
  static Optional<String> unread(SparkThrowable error) {
    return Optional.ofNullable(error.getErrorClass())
        .map(FILES::get)
        .map(key -> String.valueOf(error.getMessageParameters().get(key)));
  }
}
