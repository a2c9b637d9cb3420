package dev.tare.jobs.report;

import dev.tare.jobs.artifact.ChannelQuality;
import dev.tare.jobs.artifact.PerSample;
import dev.tare.jobs.artifact.Quality;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Compares the float and the quantized model for one output. */
record OutputView(Quality.OutputQuality output) {

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
    output
        .classAgreement()
        .ifPresent(share -> facts.add(Fact.of("same largest value", Figures.percent(share))));
    output
        .labelsEqual()
        .ifPresent(share -> facts.add(Fact.of("equal labels", Figures.percent(share))));
    return facts;
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

  private List<Double> floats() {
    return output.perSample().floats().stream().map(Float::doubleValue).toList();
  }

  private List<Double> quantized() {
    return output.perSample().quantized().stream().map(Float::doubleValue).toList();
  }

  /** The edges of the dots: both axes have the same. */
  private double[] edges() {
    double low = 0;
    double high = 0;
    for (List<Double> values : List.of(floats(), quantized())) {
      for (double value : values) {
        low = Math.min(low, value);
        high = Math.max(high, value);
      }
    }
    return new double[] {low, high};
  }

  Optional<Chart> dots() {
    List<Double> floats = floats();
    if (floats.isEmpty()) {
      return Optional.empty();
    }
    double[] edges = edges();
    return Optional.of(
        new Chart(
            "%d values of the float model, to the right, against the quantized model's, upwards"
                .formatted(floats.size()),
            1000,
            Drawing.dots(floats, quantized(), edges[0], edges[1]),
            Figures.real(edges[0]),
            Figures.real(edges[1]),
            List.of(),
            "%s values: the float model's to the right, the quantized model's upwards. On the line both agree."
                .formatted(Figures.count(floats.size()))));
  }

  Optional<Chart> cosines() {
    return quantiles(output.perSample().cosines(), "Cosine", Figures::cosine);
  }

  Optional<Chart> sqnrs() {
    return quantiles(output.perSample().sqnrsDb(), "SQNR in dB", Figures::db);
  }

  private static Optional<Chart> quantiles(
      List<Double> values, String what, java.util.function.DoubleFunction<String> text) {
    List<Double> known = values.stream().filter(v -> !Double.isNaN(v)).toList();
    if (known.size() < 2) {
      return Optional.empty();
    }
    double low = known.get(0);
    double high = known.get(known.size() - 1);
    return Optional.of(
        new Chart(
            "%s of samples from the worst, %s, to the best, %s"
                .formatted(what, text.apply(low), text.apply(high)),
            values.size() - 1,
            Drawing.line(values, low, high),
            text.apply(low),
            text.apply(high),
            List.of(),
            "%s by sample, from the worst on the left to the best on the right; the median is %s."
                .formatted(what, text.apply(values.get(values.size() / 2)))));
  }
}
