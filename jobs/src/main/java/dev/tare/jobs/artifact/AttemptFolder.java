package dev.tare.jobs.artifact;

import java.util.regex.Pattern;

/** The names of the folders that attempts at a run write into, hidden from Spark. */
public final class AttemptFolder {
  private static final String PREFIX = "_attempt-";
  private static final Pattern NAME = Pattern.compile(PREFIX + "[A-Za-z0-9-]+");

  private AttemptFolder() {}

  /** The folder of the attempt of an id. */
  public static String name(String id) {
    return PREFIX + id;
  }

  /** Whether a name begins as that of such a folder does. */
  public static boolean begins(String fileName) {
    return fileName.startsWith(PREFIX);
  }

  /** Whether a name could be that of such a folder, so that it stays inside of the run's. */
  public static boolean possible(String fileName) {
    return NAME.matcher(fileName).matches();
  }
}
