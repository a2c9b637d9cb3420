package dev.tare.jobs.report;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.IntStream;

/** Draws a bar for each operator, from the beginning of the model to its end. */
final class DepthPlot {

  /** More bars have no room for a finger, and a page for no more names. */
  static final int MOST_LINKS = 400;

  /** SQNR above which bars end: 16 bits have about as much. */
  private static final double MOST_DB = 90;

  private static final double BAR = 0.8;

  private DepthPlot() {}

  /**
   * A bar that leads to an operator's row.
   *
   * @param look class in the style sheet
   * @param path of the bar
   * @param id of the row
   * @param title text for the pointer
   */
  record Bar(String look, String path, String id, String title) {}

  /** Expected SQNR by operator, in the colour of its grade. */
  static Plot expected(Layers layers) {
    List<Layer> all = layers.byDepth();
    double top =
        all.stream().mapToDouble(Layer::sqnrDb).filter(Double::isFinite).max().orElse(MOST_DB);
    double bottom = all.stream().mapToDouble(Layer::sqnrDb).min().orElse(0);
    Axis x = new Depth(all.stream().map(Layer::node).toList(), layers.inGraphOrder()).axis();
    Axis y = Axis.of("expected SQNR, dB", Math.min(0, bottom), Math.min(MOST_DB, top), 10);
    List<Plot.Shape> shapes = new ArrayList<>();
    for (int grade = 0; grade < Layer.GRADE_COUNT; grade++) {
      StringBuilder path = new StringBuilder();
      for (Layer layer : all) {
        if (layer.grade() == grade) {
          path.append(bar(layer.position(), all.size(), layer.sqnrDb(), y));
        }
      }
      if (!path.isEmpty()) {
        shapes.add(new Plot.Shape(look(grade), path.toString()));
      }
    }
    return new Plot(
        "wide", "Expected SQNR of %d operators by depth".formatted(all.size()), x, y, shapes, "");
  }

  /** What each operator gains when only it is in float; empty unless that was measured. */
  static Optional<Plot> gains(Layers layers) {
    if (layers.measured().isEmpty()) {
      return Optional.empty();
    }
    List<Layer> all = layers.byDepth();
    double[] known = all.stream().mapToDouble(layers::gainDb).filter(Double::isFinite).toArray();
    double top =
        Math.max(0, IntStream.range(0, known.length).mapToDouble(i -> known[i]).max().orElse(0));
    double bottom =
        Math.min(0, IntStream.range(0, known.length).mapToDouble(i -> known[i]).min().orElse(0));
    Axis x = new Depth(all.stream().map(Layer::node).toList(), layers.inGraphOrder()).axis();
    Axis y = Axis.of("gain if left in float, dB", bottom, top, 0.1);
    StringBuilder path = new StringBuilder();
    for (Layer layer : all) {
      if (!Double.isNaN(layers.gainDb(layer))) {
        path.append(bar(layer.position(), all.size(), layers.gainDb(layer), y));
      }
    }
    return Optional.of(
        new Plot(
            "wide low",
            "Measured gain of %d operators by depth".formatted(known.length),
            x,
            y,
            List.of(new Plot.Shape("bars", path.toString())),
            ""));
  }

  /** Columns over the whole height, to point at; none where there are too many. */
  static List<Bar> links(Layers layers) {
    if (layers.operators() > MOST_LINKS) {
      return List.of();
    }
    List<Bar> bars = new ArrayList<>();
    int n = layers.operators();
    for (Layer layer : layers.byDepth()) {
      bars.add(
          new Bar(
              "hit",
              "M%s 0H%sV%dH%sz"
                  .formatted(
                      x(layer.position(), n),
                      x(layer.position() + 1, n),
                      Plot.SIZE,
                      x(layer.position(), n)),
              layer.id(),
              "%s: %s dB".formatted(layer.node(), layer.sqnrText())));
    }
    return bars;
  }

  static String look(int grade) {
    return "grade g" + grade;
  }

  private static String bar(int position, int n, double value, Axis y) {
    double gap = (1 - BAR) / 2;
    return "M%s %dV%dH%sV%dz"
        .formatted(
            x(position + gap, n),
            Plot.SIZE - y.thousandth(0),
            Plot.SIZE - y.thousandth(value),
            x(position + 1 - gap, n),
            Plot.SIZE - y.thousandth(0));
  }

  private static String x(double position, int n) {
    return String.format(Locale.ROOT, "%.1f", Plot.SIZE * position / n);
  }
}
