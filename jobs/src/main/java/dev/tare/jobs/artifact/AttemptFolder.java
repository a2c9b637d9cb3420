package dev.tare.jobs.artifact;

import java.util.regex.Pattern;

/** Names of the folders that attempts at a run write to; hidden from Spark. */
public final class AttemptFolder {
  private static final String PREFIX = "_attempt-";
  private static final Pattern NAME = Pattern.compile(PREFIX + "[A-Za-z0-9-]+");

  private AttemptFolder() {}

  /** Returns the folder name of an attempt. */
  public static String name(String id) {
    return PREFIX + id;
  }

  /** Whether a name begins like that of such a folder. */
  public static boolean begins(String fileName) {
    return fileName.startsWith(PREFIX);
  }

  /** Whether a name could be that of such a folder, so that it stays inside the run folder. */
  public static boolean possible(String fileName) {
    return NAME.matcher(fileName).matches();
  }
}
