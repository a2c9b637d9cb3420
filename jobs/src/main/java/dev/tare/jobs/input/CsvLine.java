package dev.tare.jobs.input;

import java.util.ArrayList;
import java.util.List;

/** Cuts a line of separated values into its cells, by RFC 4180. */
final class CsvLine {

  private CsvLine() {}

  /**
   * The cells, without their quotes.
   *
   * @throws BadRowException if a quoted cell has no end, or goes on after its last quote
   */
  static List<String> cells(String line, char separator) throws BadRowException {
    List<String> cells = new ArrayList<>();
    int from = 0;
    while (true) {
      int end;
      if (from < line.length() && line.charAt(from) == '"') {
        end = closing(line, from, cells.size() + 1);
        cells.add(line.substring(from + 1, end).replace("\"\"", "\""));
        end++;
        if (end < line.length() && line.charAt(end) != separator) {
          throw new BadRowException(
              Reason.MALFORMED,
              "cell %d goes on after its closing quote; write a quote inside a cell twice"
                  .formatted(cells.size()));
        }
      } else {
        int next = line.indexOf(separator, from);
        end = next < 0 ? line.length() : next;
        cells.add(line.substring(from, end));
      }
      if (end >= line.length()) {
        return cells;
      }
      from = end + 1;
    }
  }

  /** Index of the quote that ends the cell that begins with one. */
  private static int closing(String line, int from, int cell) throws BadRowException {
    int at = line.indexOf('"', from + 1);
    while (at >= 0 && at + 1 < line.length() && line.charAt(at + 1) == '"') {
      at = line.indexOf('"', at + 2);
    }
    if (at < 0) {
      throw new BadRowException(
          Reason.MALFORMED, "cell %d begins with a quote that is never closed".formatted(cell));
    }
    return at;
  }
}
