package dev.tare.jobs.input;

import java.util.Locale;

/** How {@code --data} is read. */
public enum DataFormat {
  /**
   * By names and content: Parquet or images if every file begins like one or has such a name,
   * otherwise text; files of other kinds, such as CSV and JSON, are refused.
   */
  AUTO,
  PARQUET,
  /** One text per line, UTF-8. */
  TEXT,
  /** One PNG or JPEG a file. */
  IMAGES;

  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
