package dev.tare.jobs.input;

import java.util.Locale;

/** How {@code --data} is read. */
public enum DataFormat {
  /**
   * By content: Parquet or images where every file begins as such a file or is named so, else text.
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
