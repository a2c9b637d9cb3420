package dev.tare.jobs.cluster;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Lines of a terminal as an SVG, for people who want to see before they try. */
final class TerminalPicture {

  private static final double CHARACTER = 7.83;
  private static final int LINE = 19;
  private static final int MARGIN = 18;
  private static final int BAR = 30;

  private TerminalPicture() {}

  /**
   * The picture.
   *
   * @param title what stands in the bar
   * @param lines each begins with {@code $ } or {@code > } where somebody typed it
   */
  static String svg(String title, List<String> lines) {
    int columns = lines.stream().mapToInt(String::length).max().orElse(0);
    double width = columns * CHARACTER + 2 * MARGIN;
    int height = BAR + lines.size() * LINE + 2 * MARGIN;
    StringBuilder svg = new StringBuilder();
    svg.append(
        String.format(
            Locale.ROOT,
            """
            <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %1$.0f %2$d" width="%1$.0f"\
             height="%2$d" role="img" aria-label="%3$s">
            <rect width="100%%" height="100%%" rx="9" fill="#1d2330"/>
            <path d="M0 9a9 9 0 0 1 9-9h%4$.0fa9 9 0 0 1 9 9v21H0z" fill="#2b3344"/>
            <circle cx="20" cy="15" r="5" fill="#e06c60"/><circle cx="38" cy="15" r="5"\
             fill="#e3b341"/><circle cx="56" cy="15" r="5" fill="#57ab5a"/>
            <g font-family="ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace"\
             font-size="13">
            <text x="78" y="20" fill="#9aa5b8">%3$s</text>
            """,
            width,
            height,
            escaped(title),
            width - 18));
    int y = BAR + MARGIN + 12;
    boolean typing = false;
    for (String line : lines) {
      typing = line.startsWith("$ ") || line.startsWith("spark-sql> ") || (typing && isTyped(line));
      svg.append(
          String.format(
              Locale.ROOT,
              "<text x=\"%d\" y=\"%d\" textLength=\"%.1f\" fill=\"%s\">%s</text>%n",
              MARGIN,
              y,
              line.length() * CHARACTER,
              typing ? "#8cc8ff" : "#dbe2ee",
              escaped(line)));
      y += LINE;
    }
    return svg.append("</g>\n</svg>\n").toString();
  }

  private static boolean isTyped(String line) {
    return line.startsWith("         > ") || line.startsWith("    --");
  }

  /** Cells that a tab separates, in columns; those that begin like numbers to the right. */
  static List<String> aligned(List<String> rows) {
    List<List<String>> cells = rows.stream().map(row -> List.of(row.split("\t", -1))).toList();
    int columns = cells.get(0).size();
    List<Integer> widths = new ArrayList<>();
    for (int c = 0; c < columns; c++) {
      int column = c;
      widths.add(cells.stream().mapToInt(row -> row.get(column).length()).max().orElse(0));
    }
    List<String> lines = new ArrayList<>();
    for (List<String> row : cells) {
      StringBuilder line = new StringBuilder();
      for (int c = 0; c < columns; c++) {
        boolean number = cells.get(cells.size() - 1).get(c).matches("-?[0-9].*");
        String pad = " ".repeat(widths.get(c) - row.get(c).length());
        line.append(c == 0 ? "" : "  ").append(number ? pad + row.get(c) : row.get(c) + pad);
      }
      lines.add(line.toString().stripTrailing());
    }
    return lines;
  }

  private static String escaped(String text) {
    return text.replace("&", "&amp;")
        .replace("<", "&lt;")
        .replace(">", "&gt;")
        .replace("\"", "&quot;")
        // Browsers fold common spaces.
        .replace(' ', '\u00a0');
  }
}
