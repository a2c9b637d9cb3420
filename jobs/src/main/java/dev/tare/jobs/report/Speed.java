package dev.tare.jobs.report;

import dev.tare.jobs.artifact.Latency;
import dev.tare.jobs.artifact.Turns;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * How long both models took, turn by turn.
 *
 * @param latency as measured
 */
record Speed(Latency latency) {

  /** Times above this share of all are drawn at the edge: a single pause would shrink the rest. */
  private static final double SHOWN = 0.98;

  /** Room beside the longest time shown. */
  private static final double MARGIN = 1.05;

  /** Height of a row of dots; two rows make the drawing. */
  private static final double ROW = 0.8;

  List<Fact> facts() {
    return List.of(
        Fact.of("float, median", millis(latency.floatMillis())),
        Fact.of("quantized, median", millis(latency.quantizedMillis())),
        Fact.of("quantized over float, median of pairs", Figures.real(latency.ratio())),
        Fact.of(
            "its 95 % interval",
            "%s to %s".formatted(Figures.real(latency.low()), Figures.real(latency.high()))),
        Fact.of("pairs", Figures.count(latency.pairs())));
  }

  String conditions() {
    return "%s, %s, batches of %s, first sample %s. CPU: %s."
        .formatted(
            latency.runtime(),
            latency.threads() == 1 ? "1 thread" : latency.threads() + " threads",
            Figures.count(latency.batch()),
            latency.shapes(),
            latency.cpu());
  }

  private static String millis(double millis) {
    return Figures.real(millis) + " ms";
  }

  /** A dot for each turn; empty if turns were not kept. */
  Optional<Plot> strip() {
    Turns turns = latency.turns();
    int size = turns.floatMillis().size();
    if (size < 2) {
      return Optional.empty();
    }
    List<Double> all =
        Stream.concat(turns.floatMillis().stream(), turns.quantizedMillis().stream())
            .sorted()
            .toList();
    double longest =
        Math.max(
            MARGIN * all.get((int) (SHOWN * (all.size() - 1))),
            MARGIN * Math.max(latency.floatMillis(), latency.quantizedMillis()));
    if (longest <= 0) {
      return Optional.empty();
    }
    long beyond = all.stream().filter(time -> time > longest).count();
    Axis x = Axis.of("time of a batch, ms", 0, longest, Double.MIN_NORMAL);
    Axis y =
        new Axis("", 0, 2, List.of(new Axis.Tick("quantized", .25), new Axis.Tick("float", .75)));
    return Optional.of(
        new Plot(
            "wide strip",
            "Times of %d turns of both models; the medians are %s and %s"
                .formatted(size, millis(latency.floatMillis()), millis(latency.quantizedMillis())),
            x,
            y,
            List.of(
                new Plot.Shape("dots", Plot.dots(turns.floatMillis(), heights(size, 1), x, y)),
                new Plot.Shape("dots", Plot.dots(turns.quantizedMillis(), heights(size, 0), x, y)),
                new Plot.Shape(
                    "mark",
                    median(latency.floatMillis(), 1, x) + median(latency.quantizedMillis(), 0, x))),
            "A dot is a turn, the first on top; the dashed lines are medians." + beyond(beyond)));
  }

  private static String beyond(long turns) {
    return turns == 0
        ? ""
        : turns == 1
            ? " One longer turn is at the right edge."
            : " %s longer turns are at the right edge.".formatted(Figures.count(turns));
  }

  /** From the upper end of a row to its lower end. */
  private static List<Double> heights(int turns, int row) {
    List<Double> heights = new ArrayList<>(turns);
    double gap = (1 - ROW) / 2;
    for (int i = 0; i < turns; i++) {
      heights.add(row + 1 - gap - ROW * i / (turns - 1));
    }
    return heights;
  }

  private static String median(double millis, int row, Axis x) {
    int half = Plot.SIZE / 2;
    // Not formatted: a path has these digits in every locale.
    return "M" + x.thousandth(millis) + " " + (1 - row) * half + "V" + (2 - row) * half;
  }
}
