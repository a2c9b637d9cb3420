package dev.tare.jobs.storage;

import java.util.regex.Pattern;

/**
 * Names of files of a model that tasks write before these have their own: hidden, so that they are
 * not part of a run, and known, so that they may be removed.
 */
public final class TemporaryNames {

  private static final Pattern NAME = Pattern.compile("\\.[A-Za-z0-9._-]+\\.[0-9]+\\.unfinished");

  private TemporaryNames() {}

  /**
   * The name of a file while it is written.
   *
   * @param name its name in the end
   * @param attempt tells attempts apart
   */
  public static String of(String name, long attempt) {
    return "." + name + "." + attempt + ".unfinished";
  }

  /** Whether a file may have such a name. */
  public static boolean matches(String name) {
    return NAME.matcher(name).matches();
  }
}
