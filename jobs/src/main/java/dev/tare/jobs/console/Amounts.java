package dev.tare.jobs.console;

import java.util.Locale;

/** Numbers of things and of bytes, as people read them. */
public final class Amounts {

  private Amounts() {}

  /** A number of things; the plural takes an s. */
  public static String counted(long number, String thing) {
    return number + " " + thing + (number == 1 ? "" : "s");
  }

  /** Millions of bytes, with one digit behind the point. */
  public static String megabytes(long bytes) {
    return String.format(Locale.ROOT, "%.1f MB", bytes / 1e6);
  }
}
