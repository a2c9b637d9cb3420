package dev.tare.jobs.report;

import dev.tare.jobs.artifact.Latency;
import dev.tare.jobs.artifact.Part;
import dev.tare.jobs.artifact.Quality;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

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
 * @param latency times of both models, if they were measured
 */
record FloatCurve(
    Layers layers, boolean absolute, List<Double> db, List<Long> bytes, Optional<Latency> latency) {

  /** Gain in dB at which the drawing ends: 1 % of the noise is left. */
  private static final double MOST_GAIN = 20;

  FloatCurve {
    db = List.copyOf(db);
    bytes = List.copyOf(bytes);
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
    return new FloatCurve(layers, absolute, db, bytes, run.quality().flatMap(Quality::latency));
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
    String time =
        latency
            .map(
                t ->
                    " Time by operator is not known; a batch takes %s ms quantized and %s ms in float."
                        .formatted(
                            Figures.real(t.quantizedMillis()), Figures.real(t.floatMillis())))
            .orElse(" Time by operator is not known.");
    return from + time;
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

  /** SQNR, and below it size, over the number of operators in float; empty if nothing changes. */
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
