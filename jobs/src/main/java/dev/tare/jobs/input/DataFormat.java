package dev.tare.jobs.input;

import java.util.Locale;

/** How {@code --data} is read. */
public enum DataFormat {
  /**
   * By names and content: Parquet or images if every file begins like one or has such a name, CSV
   * and JSON lines by their names, otherwise text; files of other kinds are refused.
   */
  AUTO,
  PARQUET,
  /** Comma-separated values, RFC 4180, whose first line has the names of the columns; UTF-8. */
  CSV,
  /** The same, separated by tabs. */
  TSV,
  /** One JSON object per line, UTF-8. */
  JSON,
  /** One text per line, UTF-8. */
  TEXT,
  /** One PNG or JPEG a file. */
  IMAGES;

  /** Whether files are tables written as text. */
  boolean isTextTable() {
    return this == CSV || this == TSV || this == JSON;
  }

  /** What stands between cells; 0 if a line is not cut into cells. */
  char separator() {
    return switch (this) {
      case CSV -> ',';
      case TSV -> '\t';
      default -> 0;
    };
  }

  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
