package dev.tare.jobs.evaluate;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.OptionalDouble;

/**
 * Limits that a quantized model must hold. Each is held against the headline vector: the pooled
 * embedding where there is one, else the first output.
 *
 * @param minCosine least mean cosine
 * @param minSqnrDb least SQNR in dB
 */
public record Gate(OptionalDouble minCosine, OptionalDouble minSqnrDb) {

  Quality.GateResult check(Quality.OutputQuality headline) {
    List<String> failures = new ArrayList<>();
    hold("cosine", headline, headline.cosineMean(), minCosine, failures);
    hold("SQNR", headline, headline.sqnrDb(), minSqnrDb, failures);
    return new Quality.GateResult(
        minCosine.isPresent() || minSqnrDb.isPresent(), failures.isEmpty(), failures);
  }

  /** A value that is not a number holds no limit. */
  private static void hold(
      String what,
      Quality.OutputQuality headline,
      double value,
      OptionalDouble limit,
      List<String> failures) {
    if (limit.isPresent() && !(value >= limit.getAsDouble())) {
      failures.add(
          String.format(
              Locale.ROOT,
              "%s of '%s' is %.5f, below %.5f",
              what,
              headline.name(),
              value,
              limit.getAsDouble()));
    }
  }
}
