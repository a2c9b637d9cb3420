package dev.tare.jobs.report;

import dev.tare.jobs.artifact.Latency;
import dev.tare.jobs.artifact.OperatorTimes;
import dev.tare.jobs.artifact.Part;
import dev.tare.jobs.artifact.Quality;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * What leaving the worst k operators in float would give, for every k: an estimate, since no model
 * was run with more than one of them in float.
 *
 * <p>Noise is assumed to add up. From measurements, an operator's part of the noise is what is gone
 * when it alone is in float; where all parts together exceed the noise, they are reduced in
 * proportion. Without measurements, it is its share of the expected noise.
 *
 * @param layers the operators, the worst first
 * @param absolute whether {@code db} is an SQNR; otherwise it is the gain
 * @param db by number of operators in float, from 0 to all; infinite when no noise is left
 * @param bytes of the model, by the same number; empty if its size is not known
 * @param millis of a batch, by the same number; empty if times of operators were not measured
 * @param latency times of both models, if they were measured
 */
record FloatCurve(
    Layers layers,
    boolean absolute,
    List<Double> db,
    List<Long> bytes,
    List<Double> millis,
    Optional<Latency> latency) {

  /** Gain in dB at which the drawing ends: 1 % of the noise is left. */
  private static final double MOST_GAIN = 20;

  FloatCurve {
    db = List.copyOf(db);
    bytes = List.copyOf(bytes);
    millis = List.copyOf(millis);
  }

  static FloatCurve of(Layers layers, RunContent run) {
    List<Double> parts = parts(layers);
    double base =
        layers
            .measured()
            .map(m -> m.quantized().sqnrDb())
            .or(
                () ->
                    run.quality()
                        .flatMap(q -> Quality.headline(q.outputs()))
                        .map(Quality.OutputQuality::sqnrDb))
            .filter(Double::isFinite)
            .orElse(Double.NaN);
    boolean absolute = !Double.isNaN(base);
    List<Double> db = new ArrayList<>();
    List<Long> bytes = new ArrayList<>();
    Optional<Long> model = run.bytes(Part.MODEL);
    double gone = 0;
    long added = 0;
    for (int k = 0; k <= layers.operators(); k++) {
      if (k > 0) {
        gone += parts.get(k - 1);
        added += layers.ranked().get(k - 1).addedBytes();
      }
      // Sums of shares may miss 1 by their rounding.
      double gain = gone > 1 - 1e-9 ? Double.POSITIVE_INFINITY : -10 * StrictMath.log10(1 - gone);
      db.add((absolute ? base : 0) + gain);
      if (model.isPresent()) {
        bytes.add(model.get() + added);
      }
    }
    Optional<Latency> latency = run.quality().flatMap(Quality::latency);
    return new FloatCurve(layers, absolute, db, bytes, millis(layers, latency), latency);
  }

  /** The quantized model's time, and what each operator adds; those without a time add nothing. */
  static List<Double> millis(Layers layers, Optional<Latency> latency) {
    Map<String, OperatorTimes.Pair> known =
        latency.map(Latency::operators).orElse(OperatorTimes.NONE).millis();
    List<Double> millis = new ArrayList<>();
    if (!known.isEmpty()) {
      millis.add(latency.get().quantizedMillis());
      for (Layer layer : layers.ranked()) {
        OperatorTimes.Pair own = known.get(layer.node());
        millis.add(millis.get(millis.size() - 1) + (own == null ? 0 : own.added()));
      }
    }
    return millis;
  }

  private long timed() {
    Set<String> known = latency.orElseThrow().operators().millis().keySet();
    return layers.ranked().stream().filter(layer -> known.contains(layer.node())).count();
  }

  /** Share of the noise that is gone with each operator. */
  private static List<Double> parts(Layers layers) {
    if (layers.measured().isEmpty()) {
      return layers.ranked().stream().map(Layer::share).toList();
    }
    double all = ratio(layers.measured().get().quantized().sqnrDb());
    List<Double> parts = new ArrayList<>();
    double sum = 0;
    for (Layer layer : layers.ranked()) {
      double left = layer.measured().map(m -> ratio(m.sqnrDb())).orElse(all);
      double part = all > 0 && left < all ? (all - left) / all : 0;
      parts.add(part);
      sum += part;
    }
    double scale = sum > 1 ? 1 / sum : 1;
    return parts.stream().map(part -> part * scale).toList();
  }

  private static double ratio(double db) {
    return Double.isNaN(db) ? 0 : StrictMath.pow(10, -db / 10);
  }

  /** Gain in dB of the first k operators in float. */
  double gainDb(int k) {
    return db.get(k) - db.get(0);
  }

  String dbText(int k) {
    return absolute ? Figures.db(db.get(k)) : Figures.signed(db.get(k), 2);
  }

  /** What the curve is made from, and what it does not know. */
  String caption() {
    String from =
        layers.measured().isPresent()
            ? "An estimate: operators were measured one at a time, and what they gain is added up as"
                + " parts of the noise."
            : "An estimate: shares of the expected noise are added up.";
    return from + " " + timeCaption();
  }

  private String timeCaption() {
    if (latency.isEmpty()) {
      return "Time by operator is not known: measure it with tare evaluate --latency.";
    }
    String models =
        "A batch takes %s ms quantized and %s ms in float."
            .formatted(
                Figures.real(latency.get().quantizedMillis()),
                Figures.real(latency.get().floatMillis()));
    return millis.isEmpty()
        ? models + " Time by operator is not known."
        : models
            + " Times of operators are those of the runtime's profiler, of %d of %d; what quantizing their inputs takes is not among them."
                .formatted(timed(), layers.operators());
  }

  boolean hasTimes() {
    return !millis.isEmpty();
  }

  String millisText(int k) {
    return millis.isEmpty() ? "–" : Figures.real(millis.get(k));
  }

  String bytesText(int k) {
    return bytes.isEmpty() ? "–" : Figures.bytes(bytes.get(k));
  }

  /** The numbers of operators that are drawn: to the first that leaves next to no noise. */
  private int drawn() {
    int k = 0;
    while (k + 1 < db.size() && gainDb(k) < MOST_GAIN) {
      k++;
    }
    return Double.isInfinite(db.get(k)) ? Math.max(0, k - 1) : k;
  }

  /** SQNR, size and time over the number of operators in float; empty if nothing changes. */
  List<Plot> plots() {
    int last = drawn();
    if (last == 0) {
      return List.of();
    }
    List<Double> ks = Plot.indexes(last + 1);
    Axis x = Axis.ofCount("operators in float, the worst first", last);
    List<Plot> plots = new ArrayList<>();
    plots.add(
        plot(
            x,
            Axis.of(
                absolute ? "SQNR, dB, estimated" : "gain, dB, estimated",
                db.get(0),
                db.get(last),
                1),
            ks,
            db.subList(0, last + 1)));
    if (!bytes.isEmpty()) {
      List<Double> sizes = bytes.subList(0, last + 1).stream().map(size -> size / 1e6).toList();
      plots.add(plot(x, Axis.of("model, MB", 0, sizes.get(last), 1e-6), ks, sizes));
    }
    if (!millis.isEmpty()) {
      List<Double> times = millis.subList(0, last + 1);
      double most = times.stream().mapToDouble(t -> t).max().orElseThrow();
      plots.add(plot(x, Axis.of("batch, ms, estimated", 0, most, 1e-6), ks, times));
    }
    return plots;
  }

  private static Plot plot(Axis x, Axis y, List<Double> ks, List<Double> values) {
    return new Plot(
        "tall",
        "%s by number of operators in float".formatted(y.label()),
        x,
        y,
        List.of(new Plot.Shape("line", Plot.line(ks, values, x, y))),
        "");
  }
}
