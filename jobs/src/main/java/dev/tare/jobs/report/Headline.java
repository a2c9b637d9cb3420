package dev.tare.jobs.report;

import dev.tare.jobs.artifact.LabelQuality;
import dev.tare.jobs.artifact.Latency;
import dev.tare.jobs.artifact.Part;
import dev.tare.jobs.artifact.Quality;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** What a run is worth, in one line: size, speed, likeness, and the worst sample. */
final class Headline {

  private Headline() {}

  /**
   * A figure with the words around it.
   *
   * @param before words before the figure; may be empty
   * @param figure what catches the eye
   * @param after words behind it; may be empty
   */
  record Piece(String before, String figure, String after) {

    /** The piece as it is read. */
    String text() {
      return (before + " " + figure + " " + after).strip();
    }
  }

  /** The pieces that the run's artifacts support; what was not measured is left out. */
  static List<Piece> of(RunContent run) {
    List<Piece> pieces = new ArrayList<>();
    size(run).ifPresent(pieces::add);
    run.quality().flatMap(Headline::speed).ifPresent(pieces::add);
    run.quality().flatMap(Quality::labels).flatMap(Headline::task).ifPresent(pieces::add);
    run.quality()
        .flatMap(quality -> Quality.headline(quality.outputs()))
        .ifPresent(output -> likeness(output, pieces));
    return pieces;
  }

  static Optional<Piece> size(RunContent run) {
    Optional<Long> before = run.floatModelBytes().filter(bytes -> bytes > 0);
    Optional<Long> after = run.bytes(Part.MODEL).filter(bytes -> bytes > 0);
    if (before.isEmpty() || after.isEmpty()) {
      return Optional.empty();
    }
    double ratio = (double) before.get() / after.get();
    return Optional.of(
        ratio >= 1
            ? new Piece("", times(ratio), "smaller")
            : new Piece("", times(1 / ratio), "larger"));
  }

  static Optional<Piece> speed(Quality quality) {
    Optional<Latency> measured = quality.latency().filter(latency -> latency.ratio() > 0);
    if (measured.isPresent()) {
      Latency latency = measured.get();
      boolean undecided = latency.low() <= 1 && latency.high() >= 1;
      return Optional.of(
          undecided ? new Piece("", "as fast", "as float") : faster(latency.ratio(), ""));
    }
    return quality.timeRatio() > 0
        ? Optional.of(faster(quality.timeRatio(), "about"))
        : Optional.empty();
  }

  private static Piece faster(double ratio, String before) {
    return ratio <= 1
        ? new Piece(before, times(1 / ratio), "faster")
        : new Piece(before, times(ratio), "slower than float");
  }

  /** The first measure by labels, and the float model's, or that nothing tells them apart. */
  private static Optional<Piece> task(LabelQuality labels) {
    return labels.measures().stream()
        .findFirst()
        .map(
            measure ->
                new Piece(
                    measure.name(),
                    Figures.percent(measure.ofQuantized()),
                    measure.apart()
                        ? "after " + Figures.percent(measure.ofFloat())
                        : "as float, by %d samples".formatted(labels.samples())));
  }

  private static void likeness(Quality.OutputQuality output, List<Piece> pieces) {
    Optional<Double> labels = output.labelsEqual();
    if (labels.isPresent()) {
      pieces.add(new Piece("", Figures.percent(labels.get()), "of labels equal"));
    } else if (output.facts().filter(facts -> facts.oneValue()).isPresent()) {
      pieces.add(new Piece("SQNR", Figures.db(output.sqnrDb()), "dB"));
    } else if (!Double.isNaN(output.cosineMean())) {
      pieces.add(new Piece("cosine", Figures.cosine(output.cosineMean()), ""));
      pieces.add(new Piece("worst sample", Figures.cosine(output.cosineMin()), ""));
    }
  }

  /** A factor of at least 1: two significant digits, which is what people compare. */
  private static String times(double factor) {
    return String.format(Locale.ROOT, factor >= 9.95 ? "%.0f×" : "%.1f×", factor);
  }
}
