package dev.tare.jobs.input;

import java.util.Locale;

/** By the hash of what a number of samples is chosen. */
public enum RowChoice {
  /** The sample in its canonical encoding, for which every row has to become one. */
  SAMPLE,
  /** The text in UTF-8, so that only the chosen texts are tokenized. */
  TEXT,
  /** The text where files are read as text, else the sample. */
  AUTO;

  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
