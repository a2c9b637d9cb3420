package dev.tare.jobs.input;

import java.io.Serializable;

/**
 * How lines are read from a file.
 *
 * @param keptBytes most bytes of a line that are kept, at least 0
 * @param separator what stands between the cells of a line, which may be quoted; 0 if lines have no
 *     cells
 */
record LineForm(int keptBytes, char separator) implements Serializable {

  /**
   * Lines that are texts. The limit is more than any reader accepts as a sample, and small enough
   * for many tasks at a time.
   */
  static final LineForm TEXT = new LineForm(TextSource.MAX_TEXT_BYTES + 1, (char) 0);

  /** Lines that are only counted. */
  static final LineForm COUNTED = new LineForm(0, (char) 0);

  /** Longest record of a table, which may contain an image written in digits. */
  static final int MAX_RECORD_BYTES = 1 << 26;

  /** Lines that are records of a table in text. */
  static LineForm of(DataFormat format) {
    return new LineForm(MAX_RECORD_BYTES + 1, format.separator());
  }

  /** Whether reading may begin in the middle of a file: not where line breaks may be quoted. */
  boolean splittable() {
    return separator == 0;
  }
}
