package dev.tare.jobs.report;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * The evaluated runs of one model.
 *
 * @param model its name
 * @param number position in the index, from 1
 * @param runs oldest first
 */
record ModelHistory(String model, int number, List<RunEntry> runs) {

  private static final int MOST_DATES = 5;
  private static final double LEAST_COSINES = 1e-4;
  private static final double ROOM = 0.06;

  /** Ends of year, month and day in a date. */
  private static final int YEAR = 4;

  private static final int MONTH = 7;
  private static final int DAY = 10;

  ModelHistory {
    runs = List.copyOf(runs);
  }

  /** Groups runs by model, sorted by its name. */
  static List<ModelHistory> of(List<RunEntry> runs) {
    Map<String, List<RunEntry>> byModel = new TreeMap<>();
    runs.stream()
        .sorted(Comparator.comparing(RunEntry::created).thenComparing(RunEntry::place))
        .forEach(run -> byModel.computeIfAbsent(run.model(), m -> new ArrayList<>()).add(run));
    List<ModelHistory> histories = new ArrayList<>();
    byModel.forEach(
        (model, own) -> histories.add(new ModelHistory(model, histories.size() + 1, own)));
    return histories;
  }

  String id() {
    return "m" + number;
  }

  List<RunEntry> newestFirst() {
    List<RunEntry> reversed = new ArrayList<>(runs);
    java.util.Collections.reverse(reversed);
    return reversed;
  }

  RunEntry newest() {
    return runs.get(runs.size() - 1);
  }

  /** Change of the mean cosine from the run before the newest; empty for a single run. */
  String trend() {
    if (runs.size() < 2) {
      return "";
    }
    double change = newest().cosine() - runs.get(runs.size() - 2).cosine();
    return Double.isNaN(change) ? "" : Figures.signed(change, 5) + " since the run before";
  }

  /** Mean and worst cosine over runs; empty for fewer than two. */
  Optional<Plot> cosines() {
    List<Double> means = runs.stream().map(RunEntry::cosine).toList();
    List<Double> worsts = runs.stream().map(RunEntry::worst).toList();
    double low = least(worsts, least(means, Double.POSITIVE_INFINITY));
    if (runs.size() < 2 || Double.isInfinite(low)) {
      return Optional.empty();
    }
    double high = means.stream().filter(Double::isFinite).mapToDouble(v -> v).max().orElse(low);
    // Room for the spots at the edges.
    double room = ROOM * (high - low);
    Axis y =
        Axis.of(
            "cosine: mean, and worst sample below",
            low - room,
            Math.max(low, high) + room,
            LEAST_COSINES);
    return Optional.of(
        plot(
            "Cosine by run",
            y,
            List.of(
                new Plot.Shape("line thin", line(worsts, y)),
                new Plot.Shape("line", line(means, y)),
                new Plot.Shape("spots", spots(means, y, false)),
                new Plot.Shape("spots bad", spots(means, y, true)))));
  }

  /** Size of the model over runs; empty for fewer than two. */
  Optional<Plot> sizes() {
    List<Double> sizes =
        runs.stream().map(run -> run.bytes().map(b -> b / 1e6).orElse(Double.NaN)).toList();
    double high = sizes.stream().filter(Double::isFinite).mapToDouble(v -> v).max().orElse(0);
    if (runs.size() < 2 || high == 0) {
      return Optional.empty();
    }
    Axis y = Axis.of("model, MB", 0, (1 + ROOM) * high, 1e-6);
    return Optional.of(
        plot(
            "Size of the model by run",
            y,
            List.of(
                new Plot.Shape("line", line(sizes, y)),
                new Plot.Shape("spots", spots(sizes, y, false)),
                new Plot.Shape("spots bad", spots(sizes, y, true)))));
  }

  private Plot plot(String title, Axis y, List<Plot.Shape> shapes) {
    return new Plot("tall", title, dates(), y, shapes, "");
  }

  private static double least(List<Double> values, double other) {
    return Math.min(
        other, values.stream().filter(Double::isFinite).mapToDouble(v -> v).min().orElse(other));
  }

  private String line(List<Double> values, Axis y) {
    return Plot.line(Plot.indexes(runs.size()), values, dates(), y);
  }

  private String spots(List<Double> values, Axis y, boolean failed) {
    List<Double> chosen = new ArrayList<>();
    for (int i = 0; i < values.size(); i++) {
      chosen.add(runs.get(i).gate().equals("failed") == failed ? values.get(i) : Double.NaN);
    }
    return Plot.dots(Plot.indexes(runs.size()), chosen, dates(), y);
  }

  /** Runs at equal distances, since a night may have several and a month none. */
  private Axis dates() {
    int last = runs.size() - 1;
    int every = last / MOST_DATES + 1;
    String first = runs.get(0).when();
    // What all dates have in common is said once: the day, or the year.
    boolean oneDay = newest().when().startsWith(first.substring(0, DAY));
    boolean oneYear = newest().when().startsWith(first.substring(0, YEAR));
    int from = oneDay ? DAY + 1 : oneYear ? YEAR + 1 : 0;
    int to = oneDay ? first.length() : oneYear ? DAY : MONTH;
    List<Axis.Tick> ticks = new ArrayList<>();
    for (int i = 0; i <= last; i += every) {
      ticks.add(new Axis.Tick(runs.get(i).when().substring(from, to), (double) i / last));
    }
    String common = from == 0 ? "" : " of " + first.substring(0, from - 1);
    return new Axis("runs%s, oldest first".formatted(common), 0, last, ticks);
  }
}
