package dev.tare.jobs.console;

import dev.tare.engine.target.Targets;
import dev.tare.jobs.artifact.Latency;
import dev.tare.jobs.artifact.PlacementTrials;
import dev.tare.jobs.artifact.Quality;
import java.util.Locale;
import java.util.Optional;

/** Says plainly that the float model is faster, and what may help. */
public final class Verdict {

  private Verdict() {}

  /**
   * One sentence or two, the last words about a run; empty where int8 is not slower, or nothing was
   * measured.
   *
   * @param quality what evaluation measured
   * @param trials what was measured of placements
   */
  public static Optional<String> of(Optional<Quality> quality, Optional<PlacementTrials> trials) {
    Optional<PlacementTrials> slower = trials.filter(PlacementTrials::floatIsFaster);
    if (slower.isPresent()) {
      return Optional.of(ofAll(slower.get()));
    }
    return quality
        .flatMap(Quality::latency)
        .filter(Latency::floatIsFaster)
        .map(
            latency ->
                text(
                    "The float model is faster here: the quantized one takes %.2f times as long."
                        + " Another recipe may help, such as int8-all or int8-cnn for convolutions%s%s.",
                    latency.ratio(),
                    trials.isPresent() ? "" : ", --placement fastest",
                    latency.byExecutors() ? ", or --target openvino" : ""));
  }

  private static String ofAll(PlacementTrials trials) {
    double best =
        trials.trials().stream()
            .flatMap(trial -> trial.figures().stream())
            .mapToDouble(figures -> figures.latency().ratio())
            .min()
            .orElseThrow();
    return text(
        "The float model is faster here than with every placement of %s: the fastest takes %.2f"
            + " times as long. Deploy the float model; recipe int8-all, which also quantizes what"
            + " stands between products,%s may help.",
        trials.target(),
        best,
        trials.target().equals(Targets.DEFAULT.name()) ? " or --target openvino" : "");
  }

  private static String text(String format, Object... values) {
    return String.format(Locale.ROOT, format, values);
  }
}
