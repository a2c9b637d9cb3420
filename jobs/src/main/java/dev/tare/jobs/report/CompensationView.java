package dev.tare.jobs.report;

import dev.tare.jobs.artifact.CompensationTrial;
import dev.tare.jobs.console.CompensationTable;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * What a compensation tried and whether the model has it.
 *
 * @param trial what was measured
 */
record CompensationView(CompensationTrial trial) {

  /** Figures of one kind. */
  record Row(String name, String without, String with, String gain) {}

  /** What one product has of it. */
  record Product(String pass, String node, String channels, String gained) {}

  /** Whether it was kept, and where that was decided. */
  String sentence() {
    String decision = CompensationTable.decision(trial);
    return "%s%s. Compared was %s on %s of the calibration data on which no line was found."
        .formatted(
            decision.substring(0, 1).toUpperCase(Locale.ROOT),
            decision.substring(1),
            trial.tensor(),
            samples(trial.measured()));
  }

  /** Before and after, on these samples. */
  List<Row> rows() {
    List<Row> rows = new ArrayList<>();
    rows.add(
        new Row(
            "SQNR, dB",
            Figures.db(trial.without().sqnrDb()),
            Figures.db(trial.with().sqnrDb()),
            trial
                .gainDb()
                .map(
                    gain -> Figures.signed(gain.low(), 2) + " to " + Figures.signed(gain.high(), 2))
                .orElse("–")));
    rows.add(
        new Row(
            "mean cosine",
            Figures.cosine(trial.without().cosineMean()),
            Figures.cosine(trial.with().cosineMean()),
            "–"));
    return rows;
  }

  /** How lines were found. */
  String how() {
    return "Each channel of a product gets a factor in its scales and a shift in its bias, the line"
        + " that takes its results nearest to the float model's: found in %s over %s, on one half"
            .formatted(
                trial.rounds().size() == 1 ? "1 pass" : trial.rounds().size() + " passes",
                samples(trial.samples()))
        + " of these where it helps on the other.";
  }

  private static String samples(long count) {
    return count == 1 ? "1 sample" : Figures.count(count) + " samples";
  }

  /** How many products and channels have lines. */
  String counts() {
    return CompensationTable.lines(trial).get(0);
  }

  /** In graph order; the part of its error is that on samples that a line does not know. */
  List<Product> products() {
    return trial.products().stream()
        .map(
            product ->
                new Product(
                    product.round() == 0 ? "–" : Figures.count(product.round()),
                    product.node(),
                    product.changed() == 0
                        ? "none of " + Figures.count(product.channels())
                        : "%s of %s"
                            .formatted(
                                Figures.count(product.changed()),
                                Figures.count(product.channels())),
                    Figures.percent(product.gained())))
        .toList();
  }

  /** How many products were left alone for each reason. */
  List<String> left() {
    List<String> lines = CompensationTable.lines(trial);
    return lines.subList(1, lines.size());
  }
}
