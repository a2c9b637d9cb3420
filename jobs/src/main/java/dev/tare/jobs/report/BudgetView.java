package dev.tare.jobs.report;

import dev.tare.jobs.artifact.BudgetPlan;
import dev.tare.jobs.artifact.Quality;
import dev.tare.jobs.artifact.WeightLevel;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.ToDoubleFunction;
import java.util.stream.Collectors;

/**
 * What a budget chose: predicted and measured side by side, and the frontier it is on.
 *
 * @param plan levels of weights and what was predicted of them
 * @param made what evaluation measured of the headline
 * @param bytes of the quantized model
 */
record BudgetView(BudgetPlan plan, Optional<Quality.OutputQuality> made, Optional<Long> bytes) {

  /** Half the width of the cross at a point, in thousandths of the drawing. */
  private static final int CROSS = 18;

  /** Figures of one kind. */
  record Row(String name, String predicted, String low, String measured) {}

  /** What was asked for, and whether held-out samples confirm it. */
  String sentence() {
    return "Bits of each weight were chosen by the budget %s, from errors on %s samples.%s"
        .formatted(
            plan.budget(),
            Figures.count(plan.samples()),
            made.flatMap(output -> plan.verdict(output, bytes))
                .map(verdict -> " On the samples of the evaluation the budget " + verdict + ".")
                .orElse(""));
  }

  List<Row> rows() {
    BudgetPlan.Point predicted = plan.predicted();
    List<Row> rows = new ArrayList<>();
    rows.add(
        new Row(
            "mean cosine",
            Figures.cosine(predicted.cosine()),
            Figures.cosine(predicted.cosineLow()),
            made.map(output -> Figures.cosine(output.cosineMean()) + interval(output))
                .orElse("–")));
    rows.add(
        new Row(
            "SQNR, dB",
            Figures.db(predicted.sqnrDb()),
            Figures.db(predicted.sqnrDbLow()),
            made.map(output -> Figures.db(output.sqnrDb())).orElse("–")));
    rows.add(
        new Row(
            "model", Figures.bytes(predicted.bytes()), "–", bytes.map(Figures::bytes).orElse("–")));
    return rows;
  }

  private static String interval(Quality.OutputQuality output) {
    return output
        .perSample()
        .cosineMean()
        .map(
            mean ->
                " (95 %%: %s to %s)"
                    .formatted(Figures.cosine(mean.low()), Figures.cosine(mean.high())))
        .orElse("");
  }

  /** How many weights have each level. */
  String counts() {
    return plan.levels().values().stream()
        .collect(Collectors.groupingBy(WeightLevel::word, Collectors.counting()))
        .entrySet()
        .stream()
        .sorted(Map.Entry.comparingByKey())
        .map(entry -> entry.getKey() + ": " + Figures.count(entry.getValue()))
        .collect(
            Collectors.joining(", ", "Levels of %d weights, ".formatted(plan.levels().size()), ""));
  }

  /** SQNR over size; empty if no point has noise. */
  Optional<Plot> frontier() {
    List<BudgetPlan.Point> points =
        plan.frontier().stream().filter(point -> Double.isFinite(point.sqnrDb())).toList();
    if (points.isEmpty()) {
      return Optional.empty();
    }
    double largest = points.get(0).bytes() / 1e6;
    double smallest = points.get(points.size() - 1).bytes() / 1e6;
    Axis x = Axis.of("model, MB", smallest, largest, 1e-6);
    double bottom = points.stream().mapToDouble(BudgetPlan.Point::sqnrDbLow).min().orElse(0);
    double top = points.stream().mapToDouble(BudgetPlan.Point::sqnrDb).max().orElse(bottom);
    Axis y = Axis.of("SQNR, dB", Math.min(0, bottom), top, 1);
    List<Plot.Shape> shapes = new ArrayList<>();
    shapes.add(new Plot.Shape("line", line(points, BudgetPlan.Point::sqnrDb, x, y)));
    shapes.add(new Plot.Shape("mark", line(points, BudgetPlan.Point::sqnrDbLow, x, y)));
    shapes.add(
        new Plot.Shape(
            "dots",
            Plot.dots(
                megabytes(plan.measured()),
                plan.measured().stream().map(BudgetPlan.Point::sqnrDb).toList(),
                x,
                y)));
    shapes.add(
        new Plot.Shape(
            "line", cross(plan.predicted().bytes() / 1e6, plan.predicted().sqnrDb(), x, y)));
    return Optional.of(
        new Plot(
            "wide",
            "SQNR over size of %d models of the frontier".formatted(points.size()),
            x,
            y,
            shapes,
            "The line is what is predicted, the dashed one what it is at least with a confidence of"
                + " 95 %, dots are models that were measured with the errors; the cross is the"
                + " chosen one."));
  }

  private static List<Double> megabytes(List<BudgetPlan.Point> points) {
    return points.stream().map(point -> point.bytes() / 1e6).toList();
  }

  private static String line(
      List<BudgetPlan.Point> points, ToDoubleFunction<BudgetPlan.Point> value, Axis x, Axis y) {
    return Plot.line(megabytes(points), points.stream().mapToDouble(value).boxed().toList(), x, y);
  }

  private static String cross(double atX, double atY, Axis x, Axis y) {
    int left = x.thousandth(atX) - CROSS / 2;
    int above = Plot.SIZE - y.thousandth(atY) - 2 * CROSS;
    // Not formatted: a path has these digits in every locale.
    return "M" + left + " " + above + "l" + CROSS + " " + 4 * CROSS + "m0 -" + 4 * CROSS + "l-"
        + CROSS + " " + 4 * CROSS;
  }
}
