package dev.tare.jobs.input;

/**
 * Tells which line breaks end a line and which are part of a quoted cell, by RFC 4180: a quote
 * opens a cell only as its first character, and two quotes inside are one character. Not
 * thread-safe; confined to one scanner.
 */
final class QuotedCells {

  /** Bytes of a UTF-8 byte order mark, which may be before the quote of the first cell. */
  private static final int MARK_BYTES = 3;

  private enum State {
    START,
    PLAIN,
    QUOTED,
    /** After a quote inside a quoted cell, which closes it unless another follows. */
    CLOSED
  }

  private final char separator;
  private State state = State.START;

  /**
   * @param separator 0 if lines have no cells, so that every line break ends one
   */
  QuotedCells(char separator) {
    this.separator = separator;
  }

  /**
   * Takes the next byte, and tells whether it is a line break that ends the line.
   *
   * @param position of the byte in the file
   */
  boolean endsLine(byte next, long position) {
    boolean lineBreak = next == '\n' || next == '\r';
    if (separator == 0) {
      return lineBreak;
    }
    if (state == State.QUOTED) {
      state = next == '"' ? State.CLOSED : State.QUOTED;
      return false;
    }
    if (lineBreak || next == separator) {
      state = State.START;
      return lineBreak;
    }
    boolean mark = next < 0 && position < MARK_BYTES;
    if (next == '"' && state != State.PLAIN) {
      state = State.QUOTED;
    } else if (!mark) {
      state = State.PLAIN;
    }
    return false;
  }
}
