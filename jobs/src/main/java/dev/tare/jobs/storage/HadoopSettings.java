package dev.tare.jobs.storage;

import java.io.Serializable;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import org.apache.hadoop.conf.Configuration;

/**
 * A serializable Hadoop configuration for executors, which do not have the driver's settings.
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
   * Hadoop's settings of this JVM without a Spark session: its files, overridden by {@code
   * spark.hadoop.*} of {@code spark-submit} and its properties file, which are system properties of
   * the driver.
   */
  public static Configuration ofDriver() {
    Configuration hadoop = ofFiles();
    Umask.unlessSet().ifPresent(umask -> hadoop.set(Umask.KEY, umask));
    for (String name : new TreeSet<>(System.getProperties().stringPropertyNames())) {
      if (name.startsWith(PREFIX)) {
        hadoop.set(name.substring(PREFIX.length()), System.getProperty(name));
      }
    }
    return hadoop;
  }

  /** Only Hadoop's files; the caller's own copy. */
  static Configuration ofFiles() {
    // Without its values a copy would read the files again: a resource may have been added since.
    Read.FILES.size();
    Configuration copy = new Configuration(Read.FILES);
    // As if read here: file systems are classes of this thread's loader.
    ClassLoader loader = Thread.currentThread().getContextClassLoader();
    if (loader != null) {
      copy.setClassLoader(loader);
    }
    return copy;
  }

  /** Read once: a command asks several times, and 1500 settings are parsed each time. */
  private static final class Read {
    static final Configuration FILES = new Configuration();
  }

  public static HadoopSettings of(Configuration hadoop) {
    Map<String, String> entries = new TreeMap<>();
    hadoop.forEach(entry -> entries.put(entry.getKey(), entry.getValue()));
    return new HadoopSettings(entries);
  }

  /** Returns a copy. */
  @Override
  public Map<String, String> entries() {
    return new TreeMap<>(entries);
  }

  /** Creates a configuration of only these settings. */
  public Configuration configuration() {
    Configuration hadoop = new Configuration(false);
    entries.forEach(hadoop::set);
    return hadoop;
  }

  /** Shows only the number of settings, since values may be secrets. */
  @Override
  public String toString() {
    return "HadoopSettings[%d entries]".formatted(entries.size());
  }
}
