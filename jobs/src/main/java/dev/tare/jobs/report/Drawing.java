package dev.tare.jobs.report;

import java.util.List;
import java.util.Locale;

/**
 * Paths of inline SVG, as short as possible: a page has thousands of them.
 *
 * <p>All coordinates are in [0, columns] by [0, {@value #HEIGHT}]; the page stretches them.
 */
final class Drawing {

  static final int HEIGHT = 100;

  private Drawing() {}

  /** The outline of adjacent columns, by the logarithm of their counts. */
  static String bars(List<Long> counts) {
    long most = counts.stream().mapToLong(c -> c).max().orElse(0);
    StringBuilder path = new StringBuilder("M0 ").append(HEIGHT);
    int run = 0;
    int level = HEIGHT;
    for (long count : counts) {
      int top = count == 0 ? HEIGHT : HEIGHT - logHeight(count, most);
      if (top != level) {
        advance(path, run);
        path.append('V').append(top);
        run = 0;
        level = top;
      }
      run++;
    }
    advance(path, run);
    return path.append('V').append(HEIGHT).append('z').toString();
  }

  /** At least 3, so that a column with a single value is visible. */
  private static int logHeight(long count, long most) {
    return Math.max(
        3, (int) Math.round(96 * Math.log1p((double) count) / Math.log1p((double) most)));
  }

  private static void advance(StringBuilder path, int run) {
    if (run > 0) {
      path.append('h').append(run);
    }
  }

  /**
   * One vertical line for each column from its low to its high, at whole numbers from 0 on.
   *
   * @param lows NaN where a column has no values
   * @param bottom value at the lower edge
   * @param top value at the upper edge
   */
  static String spans(List<Double> lows, List<Double> highs, double bottom, double top) {
    StringBuilder path = new StringBuilder();
    for (int i = 0; i < lows.size(); i++) {
      if (!Double.isNaN(lows.get(i)) && !Double.isNaN(highs.get(i))) {
        int low = y(lows.get(i), bottom, top);
        int high = y(highs.get(i), bottom, top);
        path.append('M').append(i).append(' ').append(low);
        path.append('V').append(low == high ? high - 1 : high);
      }
    }
    return path.toString();
  }

  /** Position of a value, from the top. */
  static int y(double value, double bottom, double top) {
    return top == bottom ? HEIGHT / 2 : (int) Math.round(HEIGHT * (top - value) / (top - bottom));
  }

  /** Position of a value from the left, in [0, width]. */
  static String x(double value, double left, double right, int width) {
    double at = right == left ? width / 2.0 : width * (value - left) / (right - left);
    return String.format(Locale.ROOT, "%.1f", Math.max(0, Math.min(width, at)));
  }

  /** A line through values at equal distances. */
  static String line(List<Double> values, double bottom, double top) {
    StringBuilder path = new StringBuilder();
    for (int i = 0; i < values.size(); i++) {
      if (!Double.isNaN(values.get(i))) {
        double value = Math.max(bottom, Math.min(top, values.get(i)));
        path.append(path.isEmpty() ? 'M' : 'L').append(i).append(' ').append(y(value, bottom, top));
      }
    }
    return path.toString();
  }

  /** A dot for each pair, on a square of 1000 by 1000. */
  static String dots(List<Double> x, List<Double> y, double from, double to) {
    StringBuilder path = new StringBuilder();
    for (int i = 0; i < x.size(); i++) {
      path.append('M').append(thousandth(x.get(i), from, to));
      path.append(' ').append(1000 - thousandth(y.get(i), from, to)).append("h0");
    }
    return path.toString();
  }

  private static long thousandth(double value, double from, double to) {
    double share = to == from ? 0.5 : (value - from) / (to - from);
    return Math.round(1000 * Math.max(0, Math.min(1, share)));
  }
}
