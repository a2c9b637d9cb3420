package dev.tare.jobs.input;

import java.util.Locale;

/** How {@code --data} is read. */
public enum DataFormat {
  /** By content: Parquet where every file begins with Parquet's magic, else text. */
  AUTO,
  PARQUET,
  /** One text per line, UTF-8. */
  TEXT;

  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
