package dev.tare.jobs.drift;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * Limits on how far a tensor may move.
 *
 * @param psi maximum population stability index
 * @param jensenShannon maximum Jensen-Shannon distance
 * @param kolmogorovSmirnov maximum Kolmogorov-Smirnov distance
 * @param clipIncrease maximum increase of the share of values that the published scale clips
 * @param nonFinite maximum increase of the share of values that are NaN or infinite
 */
public record DriftLimits(
    double psi,
    double jensenShannon,
    double kolmogorovSmirnov,
    double clipIncrease,
    double nonFinite) {

  /** Returns the limits that a tensor exceeds, each with both figures; empty if there are none. */
  public List<String> exceeded(TensorDrift tensor) {
    List<String> exceeded = new ArrayList<>();
    over("psi", tensor.drift().psi(), psi, exceeded);
    over("js", tensor.drift().jensenShannon(), jensenShannon, exceeded);
    over("ks", tensor.drift().kolmogorovSmirnov(), kolmogorovSmirnov, exceeded);
    tensor.fit().ifPresent(fit -> over("clip", fit.clipIncrease(), clipIncrease, exceeded));
    over("non-finite", tensor.drift().nonFiniteIncrease(), nonFinite, exceeded);
    return exceeded;
  }

  private static void over(String what, double value, double limit, List<String> exceeded) {
    if (value > limit) {
      exceeded.add(String.format(Locale.ROOT, "%s %.4g > %.4g", what, value, limit));
    }
  }
}
