package dev.tare.jobs.drift;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * How far a tensor may move before somebody is told.
 *
 * @param psi most population stability index
 * @param jensenShannon most Jensen-Shannon distance
 * @param kolmogorovSmirnov most Kolmogorov-Smirnov distance
 * @param clipIncrease how much more of the values, as a share, the published scale may clip than it
 *     clipped of the baseline
 * @param nonFinite how much more of the values, as a share, may be NaN or infinite
 */
public record DriftLimits(
    double psi,
    double jensenShannon,
    double kolmogorovSmirnov,
    double clipIncrease,
    double nonFinite) {

  /** The limits that a tensor exceeds, each with both figures; empty if it exceeds none. */
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
