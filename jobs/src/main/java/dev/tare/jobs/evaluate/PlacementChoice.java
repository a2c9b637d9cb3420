package dev.tare.jobs.evaluate;

import dev.tare.jobs.artifact.Latency;
import dev.tare.jobs.artifact.PlacementTrials;
import dev.tare.jobs.artifact.PlacementTrials.Figures;
import dev.tare.jobs.artifact.PlacementTrials.Trial;
import dev.tare.jobs.artifact.Quality;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * Chooses the fastest placement that passes the gate; where none does, the most accurate. Not
 * thread-safe.
 */
public final class PlacementChoice {

  private record Measured(String name, Optional<Quality> quality, String reason) {

    boolean passed() {
      return quality.filter(known -> known.gate().passed()).isPresent();
    }

    double ratio() {
      return quality.flatMap(Quality::latency).map(Latency::ratio).orElse(Double.NaN);
    }

    /** NaN comes after every number. */
    double noise() {
      return -quality.map(known -> known.headline().sqnrDb()).orElse(Double.NaN);
    }
  }

  private final List<Measured> all = new ArrayList<>();

  /** Adds a placement that was measured. */
  public void add(String name, Quality quality) {
    all.add(new Measured(name, Optional.of(quality), ""));
  }

  /** Adds one that was not, and why. */
  public void add(String name, String reason) {
    all.add(new Measured(name, Optional.empty(), reason));
  }

  /**
   * Chooses.
   *
   * @param target name of the target whose placements these are
   * @throws IllegalStateException if none was measured
   */
  public PlacementTrials of(String target) {
    Optional<Measured> fastest =
        all.stream().filter(Measured::passed).min(Comparator.comparingDouble(Measured::ratio));
    Measured chosen =
        fastest
            .or(
                () ->
                    all.stream()
                        .filter(each -> each.quality().isPresent())
                        .min(Comparator.comparingDouble(Measured::noise)))
            .orElseThrow(() -> new IllegalStateException("No placement was measured"));
    List<Trial> trials = new ArrayList<>();
    for (Measured each : all) {
      trials.add(
          new Trial(
              each.name(),
              each.equals(chosen),
              reason(each, chosen, fastest.isPresent()),
              each.quality().map(PlacementChoice::figures)));
    }
    return new PlacementTrials(target, trials);
  }

  private static String reason(Measured each, Measured chosen, boolean passed) {
    if (each.quality().isEmpty()) {
      return each.reason();
    }
    if (each.equals(chosen)) {
      return !passed
          ? "the most accurate, none passes the gate"
          : each.quality().get().gate().asked()
              ? "the fastest that passes the gate"
              : "the fastest";
    }
    return each.passed()
        ? String.format(Locale.ROOT, "slower than %s", chosen.name())
        : String.join("; ", each.quality().get().gate().failures());
  }

  private static Figures figures(Quality quality) {
    Quality.OutputQuality headline = quality.headline();
    return new Figures(
        quality.samples(),
        headline.name(),
        headline.sqnrDb(),
        headline.cosineMean(),
        quality.latency().orElseThrow());
  }
}
