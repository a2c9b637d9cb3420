package dev.tare.jobs.storage;

import java.io.Serializable;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import org.apache.hadoop.conf.Configuration;

/**
 * A Hadoop configuration that travels to executors, which do not see the driver's settings.
 *
 * @param entries all settings by name
 */
public record HadoopSettings(Map<String, String> entries) implements Serializable {
  private static final long serialVersionUID = 1L;
  private static final String PREFIX = "spark.hadoop.";

  public HadoopSettings {
    entries = new TreeMap<>(entries);
  }

  /**
   * Hadoop's settings of this JVM without a Spark session: its files, and over them what {@code
   * spark-submit} and its properties file gave as {@code spark.hadoop.*}, which a driver has among
   * its system properties.
   */
  public static Configuration ofDriver() {
    Configuration hadoop = new Configuration();
    Umask.unlessSet().ifPresent(umask -> hadoop.set(Umask.KEY, umask));
    for (String name : new TreeSet<>(System.getProperties().stringPropertyNames())) {
      if (name.startsWith(PREFIX)) {
        hadoop.set(name.substring(PREFIX.length()), System.getProperty(name));
      }
    }
    return hadoop;
  }

  public static HadoopSettings of(Configuration hadoop) {
    Map<String, String> entries = new TreeMap<>();
    hadoop.forEach(entry -> entries.put(entry.getKey(), entry.getValue()));
    return new HadoopSettings(entries);
  }

  /** A copy. */
  @Override
  public Map<String, String> entries() {
    return new TreeMap<>(entries);
  }

  /** A new configuration of these settings alone. */
  public Configuration configuration() {
    Configuration hadoop = new Configuration(false);
    entries.forEach(hadoop::set);
    return hadoop;
  }

  /** The number of settings: their values may be secrets. */
  @Override
  public String toString() {
    return "HadoopSettings[%d entries]".formatted(entries.size());
  }
}
