package dev.tare.jobs.input;

import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;

/**
 * The lines of a stream, in memory of a fixed size: of a long line only the beginning is kept, and
 * the rest is counted. Lines end with LF, CR, or CR and LF; the last may have no end. In separated
 * values a line also goes on through the line breaks inside a quoted cell. Not thread-safe;
 * confined to one Spark task.
 */
final class LineScanner {

  private static final int BUFFER_BYTES = 1 << 16;

  private final InputStream in;
  private final int keptBytes;
  private final QuotedCells cells;
  private final byte[] buffer = new byte[BUFFER_BYTES];
  private int from;
  private int filled;
  private byte[] line = new byte[256];
  private int kept;
  private long length;
  private long position;

  /**
   * @param in not closed
   * @param position of the stream's next byte in the file
   * @param form how lines are kept and where they end
   */
  LineScanner(InputStream in, long position, LineForm form) {
    this.in = in;
    this.position = position;
    this.keptBytes = form.keptBytes();
    this.cells = new QuotedCells(form.separator());
  }

  /** Goes to the next line; false at the end. */
  boolean next() throws IOException {
    kept = 0;
    length = 0;
    long start = position;
    while (fill()) {
      int end = from;
      while (end < filled && !cells.endsLine(buffer[end], position + end - from)) {
        end++;
      }
      keep(end);
      if (end < filled) {
        skipEnd();
        return true;
      }
    }
    return position > start;
  }

  private boolean fill() throws IOException {
    if (from == filled) {
      from = 0;
      filled = Math.max(0, in.read(buffer));
    }
    return from < filled;
  }

  private void keep(int end) {
    int taken = Math.min(end - from, keptBytes - kept);
    if (kept + taken > line.length) {
      line = Arrays.copyOf(line, Math.min(keptBytes, Math.max(2 * line.length, kept + taken)));
    }
    System.arraycopy(buffer, from, line, kept, taken);
    kept += taken;
    length += end - from;
    position += end - from;
    from = end;
  }

  private void skipEnd() throws IOException {
    boolean carriageReturn = buffer[from] == '\r';
    skipByte();
    if (carriageReturn && fill() && buffer[from] == '\n') {
      skipByte();
    }
  }

  private void skipByte() {
    from++;
    position++;
  }

  /** A copy of the line without its end, cut at the limit. */
  byte[] line() {
    return Arrays.copyOf(line, kept);
  }

  /** Number of bytes of the line without its end, including those that were not kept. */
  long length() {
    return length;
  }

  /** Where the next line begins. */
  long position() {
    return position;
  }
}
