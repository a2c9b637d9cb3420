package dev.tare.jobs.evaluate;

import dev.tare.jobs.artifact.ChannelQuality;
import dev.tare.jobs.artifact.Latency;
import dev.tare.jobs.artifact.OutputFacts;
import dev.tare.jobs.artifact.Quality;
import dev.tare.jobs.artifact.Settings;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.SortedMap;

/**
 * Limits that a quantized model must meet. Cosine and SQNR are those of the headline vector: the
 * pooled embedding if there is one, else the first output of numbers, else the first of labels,
 * whose cosine is the share of equal ones. The channel limit applies to every output of numbers.
 * With any limit, no value may be infinite or NaN in one model only.
 *
 * @param minCosine minimum mean cosine
 * @param minSqnrDb minimum SQNR in dB
 * @param minChannelSqnrDb minimum SQNR of a channel in dB
 * @param maxLatencyRatio most time of the quantized model, as a multiple of the float model's
 */
public record Gate(
    OptionalDouble minCosine,
    OptionalDouble minSqnrDb,
    OptionalDouble minChannelSqnrDb,
    OptionalDouble maxLatencyRatio) {

  /** Limits of accuracy alone. */
  public Gate(OptionalDouble minCosine, OptionalDouble minSqnrDb, OptionalDouble minChannelSqnrDb) {
    this(minCosine, minSqnrDb, minChannelSqnrDb, OptionalDouble.empty());
  }

  /** No limits. */
  public static final Gate NONE =
      new Gate(OptionalDouble.empty(), OptionalDouble.empty(), OptionalDouble.empty());

  /** Returns the limits by option name. */
  public SortedMap<String, String> configuration() {
    Settings settings = new Settings();
    minCosine.ifPresent(v -> settings.put("min-cosine", v));
    minSqnrDb.ifPresent(v -> settings.put("min-sqnr-db", v));
    minChannelSqnrDb.ifPresent(v -> settings.put("min-channel-sqnr", v));
    maxLatencyRatio.ifPresent(v -> settings.put("max-latency-ratio", v));
    return settings.values();
  }

  /**
   * Compares outputs with the limits.
   *
   * @param unmeasured names of those with too many channels to measure one by one
   */
  Quality.GateResult check(List<Quality.OutputQuality> outputs, Set<String> unmeasured) {
    Quality.OutputQuality headline = Quality.headline(outputs).orElseThrow();
    List<String> failures = new ArrayList<>();
    boolean asked = minCosine.isPresent() || minSqnrDb.isPresent() || minChannelSqnrDb.isPresent();
    minCosine.ifPresent(limit -> cosine(headline, limit, failures));
    minSqnrDb.ifPresent(
        limit -> hold("SQNR of '%s'", headline, headline.sqnrDb(), limit, failures));
    minChannelSqnrDb.ifPresent(limit -> channels(outputs, unmeasured, limit, failures));
    if (asked) {
      nonFinite(outputs, failures);
    }
    return new Quality.GateResult(asked, failures.isEmpty(), failures);
  }

  /** Compares times with the limit, after what {@link #check} found. */
  Quality.GateResult check(Quality.GateResult accuracy, Latency latency) {
    if (maxLatencyRatio.isEmpty()) {
      return accuracy;
    }
    List<String> failures = new ArrayList<>(accuracy.failures());
    double limit = maxLatencyRatio.getAsDouble();
    if (!(latency.ratio() <= limit)) {
      failures.add(
          String.format(
              Locale.ROOT,
              "latency is %.2f times the float model's (95 %%: %.2f to %.2f), above %s",
              latency.ratio(),
              latency.low(),
              latency.high(),
              limit));
    }
    return new Quality.GateResult(true, failures.isEmpty(), failures);
  }

  /** The cosine of one value is 1 or -1: its SQNR must meet what the limit means for vectors. */
  private static void cosine(Quality.OutputQuality headline, double limit, List<String> failures) {
    if (headline.facts().filter(OutputFacts::oneValue).isPresent()) {
      double db = -10 * StrictMath.log10(2 * (1 - limit));
      String what =
          String.format(
              Locale.ROOT,
              "SQNR of '%%s', which follows from a cosine of %s for an output of one value,",
              limit);
      hold(what, headline, headline.sqnrDb(), db, failures);
    } else {
      boolean labels = headline.labelsEqual().isPresent();
      String what = labels ? "share of equal labels of '%s'" : "cosine of '%s'";
      hold(what, headline, headline.cosineMean(), limit, failures);
    }
  }

  private static void channels(
      List<Quality.OutputQuality> outputs,
      Set<String> unmeasured,
      double limit,
      List<String> failures) {
    boolean any = false;
    for (Quality.OutputQuality output : outputs) {
      if (output.pooled() || output.labelsEqual().isPresent()) {
        continue;
      }
      any = true;
      Optional<ChannelQuality> worst = output.worstChannel();
      if (unmeasured.contains(output.name())) {
        failures.add(
            "channels of '%s' are more than %d, which are not measured one by one"
                .formatted(output.name(), ChannelSums.MOST_CHANNELS));
      } else if (worst.isPresent()) {
        String what = "SQNR of channel %d of '%%s'".formatted(worst.get().worst());
        hold(what, output, worst.get().worstSqnrDb(), limit, failures);
      } else {
        // If the number of channels differs between samples, the output counts as one channel.
        hold("SQNR of '%s'", output, output.sqnrDb(), limit, failures);
      }
    }
    if (!any) {
      failures.add("no output has channels: the model gives labels alone");
    }
  }

  private static void nonFinite(List<Quality.OutputQuality> outputs, List<String> failures) {
    for (Quality.OutputQuality output : outputs) {
      long different = output.facts().map(OutputFacts::differentNonFinite).orElse(0L);
      if (different > 0) {
        failures.add(
            "%d values of '%s' are infinite or NaN in one model and not so in the other"
                .formatted(different, output.name()));
      }
    }
  }

  /** NaN fails every limit. */
  private static void hold(
      String what,
      Quality.OutputQuality output,
      double value,
      double limit,
      List<String> failures) {
    if (Double.isNaN(value)) {
      failures.add(
          what.formatted(output.name()) + " is NaN: there were no finite values to compare");
    } else if (value < limit) {
      failures.add(
          String.format(
              Locale.ROOT, "%s is %.5f, below %.5f", what.formatted(output.name()), value, limit));
    }
  }
}
