package dev.tare.jobs.console;

import dev.tare.jobs.Printable;
import java.io.PrintStream;
import java.util.List;

/** Prints rows of text in aligned columns. */
public final class Columns {

  /** Alignment of the cells of a column; numbers are aligned right. */
  public enum Align {
    LEFT,
    RIGHT;

    String padded(String cell, int width) {
      String blanks = " ".repeat(width - cell.length());
      return this == LEFT ? cell + blanks : blanks + cell;
    }
  }

  private final List<Align> columns;

  private Columns(List<Align> columns) {
    this.columns = columns;
  }

  /** One alignment for each column. */
  public static Columns of(Align... columns) {
    return new Columns(List.of(columns));
  }

  /** Prints rows of one cell for each column, two blanks between columns. */
  public void print(List<List<String>> raw, PrintStream out) {
    List<List<String>> rows =
        raw.stream().map(row -> row.stream().map(Printable::name).toList()).toList();
    int[] widths = new int[columns.size()];
    for (List<String> row : rows) {
      for (int i = 0; i < widths.length; i++) {
        widths[i] = Math.max(widths[i], row.get(i).length());
      }
    }
    for (List<String> row : rows) {
      StringBuilder line = new StringBuilder();
      for (int i = 0; i < widths.length; i++) {
        line.append(columns.get(i).padded(row.get(i), widths[i])).append("  ");
      }
      out.println(line.toString().stripTrailing());
    }
  }
}
