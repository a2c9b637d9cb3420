package dev.tare.jobs.console;

import java.util.Locale;

/** Formats counts and bytes for display. */
public final class Amounts {

  private Amounts() {}

  /** Formats a count; the plural gets an s. */
  public static String counted(long number, String thing) {
    return number + " " + thing + (number == 1 ? "" : "s");
  }

  /** Formats millions of bytes, with one decimal. */
  public static String megabytes(long bytes) {
    return String.format(Locale.ROOT, "%.1f MB", bytes / 1e6);
  }

  /** Formats bytes as megabytes, or as kilobytes where there are fewer than a million. */
  public static String size(long bytes) {
    return bytes >= 1_000_000
        ? megabytes(bytes)
        : String.format(Locale.ROOT, "%.1f kB", bytes / 1e3);
  }
}
