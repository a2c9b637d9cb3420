package dev.tare.jobs.cli;

/** What a data set is. */
public enum DataFormat {
  /** Told by content. */
  AUTO,
  /** Columns that are the model's inputs by name, or a column of text. */
  PARQUET,
  /** Lines of text. */
  TEXT
}
