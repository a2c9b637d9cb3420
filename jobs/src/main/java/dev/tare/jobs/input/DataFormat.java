package dev.tare.jobs.input;

import java.util.Locale;

/** How {@code --data} is read. */
public enum DataFormat {
  /**
   * By names and content: Parquet or images where every file begins as such a file or is named so,
   * else text, unless a file is of a kind that lines would misread, as CSV and JSON.
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
