package dev.tare.jobs.input;

import java.util.Locale;

/** How {@code --data} is read. */
public enum DataFormat {
  /** By content: Parquet where every file begins with Parquet's magic, else text. */
  AUTO,
  PARQUET,
  /** One text per line, UTF-8. */
  TEXT;

  /**
   * The format behind an option's value.
   *
   * @throws IllegalArgumentException if it is none of {@code auto}, {@code parquet}, {@code text}
   */
  public static DataFormat parse(String value) {
    for (DataFormat format : values()) {
      if (format.toString().equals(value)) {
        return format;
      }
    }
    throw new IllegalArgumentException(
        "Unknown data format '" + value + "': one of auto, parquet, text");
  }

  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
