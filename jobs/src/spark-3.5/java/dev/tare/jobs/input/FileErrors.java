package dev.tare.jobs.input;

import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import org.apache.spark.SparkThrowable;

/** How Spark 3.5 says that it could not read a file. */
final class FileErrors {

  /** Errors of reading, by number (error-classes.json of Spark), and where each has the file. */
  private static final Map<String, String> FILES =
      Map.of(
          "_LEGACY_ERROR_TEMP_2055", "message",
          "_LEGACY_ERROR_TEMP_2063", "filePath",
          "_LEGACY_ERROR_TEMP_2064", "path");

  /** Of a file that is gone there is only Hadoop's sentence. */
  private static final Pattern GONE = Pattern.compile("File (.+) does not exist", Pattern.DOTALL);

  private FileErrors() {}

  /** The file that could not be read; empty if the error is another. */
  static Optional<String> unread(SparkThrowable error) {
    return Optional.ofNullable(error.getErrorClass())
        .map(FILES::get)
        .map(key -> String.valueOf(error.getMessageParameters().get(key)))
        .map(said -> GONE.matcher(said).matches() ? GONE.matcher(said).replaceFirst("$1") : said);
  }
}
