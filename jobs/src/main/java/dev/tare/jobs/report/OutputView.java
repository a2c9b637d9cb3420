package dev.tare.jobs.report;

import dev.tare.jobs.artifact.ChannelQuality;
import dev.tare.jobs.artifact.PerSample;
import dev.tare.jobs.artifact.Quality;
import java.util.ArrayList;
import java.util.DoubleSummaryStatistics;
import java.util.List;
import java.util.Optional;
import java.util.function.DoubleFunction;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Compares the float and the quantized model for one output.
 *
 * @param output its figures
 * @param quality those of all outputs
 */
record OutputView(Quality.OutputQuality output, Quality quality) {

  /** A shorter axis of cosines would show rounding. */
  private static final double LEAST_COSINES = 1e-4;

  private static final double LEAST_DB = 1;

  String title() {
    return output.name() + (output.pooled() ? " (" + output.vector() + ")" : "");
  }

  List<Fact> facts() {
    List<Fact> facts = new ArrayList<>();
    facts.add(Fact.of("SQNR", Figures.db(output.sqnrDb()) + " dB"));
    facts.add(Fact.of("cosine, mean", Figures.cosine(output.cosineMean())));
    facts.add(Fact.of("cosine, minimum", Figures.cosine(output.cosineMin())));
    output
        .largestError()
        .ifPresent(error -> facts.add(Fact.of("largest error", Figures.real(error))));
    output.facts().ifPresent(all -> all.channels().forEach(axis -> facts.add(channel(axis))));
    sameClass().ifPresent(share -> facts.add(Fact.of("same class", Figures.percent(share))));
    output
        .labelsEqual()
        .ifPresent(share -> facts.add(Fact.of("equal labels", Figures.percent(share))));
    return facts;
  }

  /**
   * Share of positions whose largest value is at the same index, where that index is an answer.
   * Evaluations of older versions do not say where it is; an output that is also pooled is an
   * embedding, in which it means nothing.
   */
  Optional<Double> sameClass() {
    boolean embedding =
        quality.outputs().stream().anyMatch(o -> o.pooled() && o.name().equals(output.name()));
    return output.classAgreement().filter(share -> output.facts().isPresent() || !embedding);
  }

  private static Fact channel(ChannelQuality axis) {
    return Fact.of(
        "worst of %s channels on %s"
            .formatted(
                Figures.count(axis.channels()),
                axis.axis() < 0 ? "the last axis" : "axis " + axis.axis()),
        "%s dB (channel %d, errors up to %s); %s below 20 dB"
            .formatted(
                Figures.db(axis.worstSqnrDb()),
                axis.worst(),
                Figures.real(axis.worstError()),
                Figures.count(axis.below())));
  }

  boolean hasSamples() {
    return !output.perSample().cosines().isEmpty();
  }

  /** The samples with the lowest cosine. */
  List<PerSample.Worst> worst() {
    return output.perSample().worst();
  }

  private static List<Double> doubles(List<Float> values) {
    return values.stream().map(Float::doubleValue).toList();
  }

  /** Values of both models; both axes cover the same numbers, so that the diagonal is equality. */
  Optional<Plot> dots() {
    List<Double> floats = doubles(output.perSample().floats());
    List<Double> quantized = doubles(output.perSample().quantized());
    DoubleSummaryStatistics all =
        Stream.concat(floats.stream(), quantized.stream())
            .filter(Double::isFinite)
            .collect(Collectors.summarizingDouble(v -> v));
    if (all.getCount() == 0) {
      return Optional.empty();
    }
    double low = Math.min(0, all.getMin());
    double high = low == 0 && all.getMax() <= 0 ? 1 : Math.max(0, all.getMax());
    Axis x = Axis.of("value of the float model", low, high, Double.MIN_NORMAL);
    Axis y = Axis.of("value of the quantized model", low, high, Double.MIN_NORMAL);
    return Optional.of(
        new Plot(
            "square",
            "%d values of the quantized model against those of the float model"
                .formatted(floats.size()),
            x,
            y,
            List.of(
                new Plot.Shape("same", "M0 %d L%d 0".formatted(Plot.SIZE, Plot.SIZE)),
                new Plot.Shape("dots", Plot.dots(floats, quantized, x, y))),
            "%s values. Points on the diagonal agree.".formatted(Figures.count(floats.size()))));
  }

  Optional<Plot> cosines() {
    return quantiles(output.perSample().cosines(), "cosine", LEAST_COSINES, Figures::cosine);
  }

  Optional<Plot> sqnrs() {
    return quantiles(output.perSample().sqnrsDb(), "SQNR, dB", LEAST_DB, Figures::db);
  }

  private static Optional<Plot> quantiles(
      List<Double> values, String what, double least, DoubleFunction<String> text) {
    List<Double> known = values.stream().filter(Double::isFinite).toList();
    if (known.size() < 2) {
      return Optional.empty();
    }
    double low = known.get(0);
    double high = known.get(known.size() - 1);
    Axis x = Axis.of("share of samples, worst first, %", 0, values.size() - 1, 1);
    Axis y = Axis.of(what, low, high, least);
    String median = text.apply(values.get(values.size() / 2));
    return Optional.of(
        new Plot(
            "tall",
            "%s of samples from the worst, %s, to the best, %s; the median is %s"
                .formatted(what, text.apply(low), text.apply(high), median),
            x,
            y,
            List.of(new Plot.Shape("line", Plot.line(Plot.indexes(values.size()), values, x, y))),
            "Worst %s, median %s, best %s.".formatted(text.apply(low), median, text.apply(high))));
  }
}
