package dev.tare.jobs.storage;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The umask of this process. Hadoop uses its own umask, 022 unless configured, for the permissions
 * of every file.
 */
public final class Umask {

  /** Hadoop's setting. */
  public static final String KEY = "fs.permissions.umask-mode";

  private static final Path STATUS = Path.of("/proc/self/status");
  private static final Pattern LINE = Pattern.compile("(?m)^Umask:\\s*([0-7]{3,4})$");

  private Umask() {}

  /**
   * Returns the umask for files of a run, in Hadoop's notation; empty if Hadoop's is configured or
   * this system does not report one.
   */
  public static Optional<String> unlessSet() {
    String[] sources = HadoopSettings.ofFiles().getPropertySources(KEY);
    boolean byHand =
        (sources != null && sources.length > 0 && !sources[0].equals("core-default.xml"))
            || System.getProperty("spark.hadoop." + KEY) != null;
    return byHand ? Optional.empty() : ofProcess();
  }

  private static Optional<String> ofProcess() {
    try {
      Matcher line = LINE.matcher(Files.readString(STATUS, StandardCharsets.ISO_8859_1));
      return line.find()
          ? Optional.of(line.group(1).replaceFirst("^0(?=...$)", ""))
          : Optional.empty();
    } catch (IOException e) {
      return Optional.empty();
    }
  }
}
