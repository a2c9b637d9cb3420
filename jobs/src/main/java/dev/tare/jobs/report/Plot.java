package dev.tare.jobs.report;

import java.util.ArrayList;
import java.util.List;

/**
 * A drawing with numbers on both axes; it fills a square of {@value #SIZE} by {@value #SIZE}, which
 * the page stretches.
 *
 * @param kind class of its figure in the style sheet
 * @param title text for readers who cannot see it
 * @param x axis from left to right
 * @param y axis from the bottom up
 * @param shapes what is drawn, the lowest layer first
 * @param caption a sentence below; may be empty
 */
record Plot(String kind, String title, Axis x, Axis y, List<Shape> shapes, String caption) {

  static final int SIZE = 1000;

  Plot {
    shapes = List.copyOf(shapes);
  }

  /**
   * A path of one look.
   *
   * @param look class in the style sheet
   * @param path SVG path
   */
  record Shape(String look, String path) {}

  /** Thin lines at the numbers of both axes. */
  String grid() {
    StringBuilder path = new StringBuilder();
    x.ticks().forEach(t -> path.append('M').append(x(t)).append(" 0V").append(SIZE));
    y.ticks().forEach(t -> path.append("M0 ").append(SIZE - x(t)).append('H').append(SIZE));
    return path.toString();
  }

  private static long x(Axis.Tick tick) {
    return Math.round(SIZE * tick.share());
  }

  /** A dot for each pair of values; a missing one leaves no dot. */
  static String dots(List<Double> xs, List<Double> ys, Axis x, Axis y) {
    StringBuilder path = new StringBuilder();
    for (int i = 0; i < xs.size(); i++) {
      if (!Double.isNaN(xs.get(i)) && !Double.isNaN(ys.get(i))) {
        path.append('M').append(place(xs.get(i), ys.get(i), x, y)).append("h0");
      }
    }
    return path.toString();
  }

  /** A line through pairs of values; missing ones are left out. */
  static String line(List<Double> xs, List<Double> ys, Axis x, Axis y) {
    StringBuilder path = new StringBuilder();
    for (int i = 0; i < xs.size(); i++) {
      if (!Double.isNaN(xs.get(i)) && !Double.isNaN(ys.get(i))) {
        path.append(path.isEmpty() ? 'M' : 'L').append(place(xs.get(i), ys.get(i), x, y));
      }
    }
    return path.toString();
  }

  private static String place(double atX, double atY, Axis x, Axis y) {
    return x.thousandth(atX) + " " + (SIZE - y.thousandth(atY));
  }

  /** The numbers from 0 to n - 1. */
  static List<Double> indexes(int n) {
    List<Double> indexes = new ArrayList<>(n);
    for (int i = 0; i < n; i++) {
      indexes.add((double) i);
    }
    return indexes;
  }
}
