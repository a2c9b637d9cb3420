package dev.tare.jobs;

import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.Reader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Properties;

/**
 * What this program was built as.
 *
 * @param version version of Tare
 * @param sparkVersion version of Spark that it was built for
 */
public record Build(String version, String sparkVersion) {
  private static final String RESOURCE = "/dev/tare/build.properties";

  /**
   * Reads the values that the build wrote.
   *
   * @throws IllegalStateException if the build wrote none
   */
  public static Build current() {
    Properties properties = new Properties();
    try (InputStream stream = Build.class.getResourceAsStream(RESOURCE)) {
      if (stream == null) {
        throw new IllegalStateException("Missing resource " + RESOURCE);
      }
      try (Reader reader = new InputStreamReader(stream, StandardCharsets.UTF_8)) {
        properties.load(reader);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return new Build(
        properties.getProperty("version", "unknown"),
        properties.getProperty("spark-version", "unknown"));
  }
}
