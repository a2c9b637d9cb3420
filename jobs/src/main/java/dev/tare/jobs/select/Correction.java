package dev.tare.jobs.select;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * From errors that were added up to those that models really have.
 *
 * <p>Between models that were measured, the logarithm of the error is linear in that of the sum;
 * beyond the last ones their ratio stays. The correction never falls where the sum grows, so what
 * is monotone stays so.
 */
final class Correction {

  /**
   * A model that was measured.
   *
   * @param sum its errors, one group at a time, added up
   * @param measured its error
   */
  record Anchor(double sum, double measured) {

    private boolean usable() {
      return sum > 0 && measured > 0 && Double.isFinite(sum) && Double.isFinite(measured);
    }
  }

  private final List<Anchor> anchors = new ArrayList<>();

  /**
   * @param measured in any order; without any nothing is corrected
   */
  Correction(List<Anchor> measured) {
    double most = 0;
    double last = 0;
    for (Anchor anchor :
        measured.stream()
            .filter(Anchor::usable)
            .sorted(Comparator.comparingDouble(Anchor::sum).thenComparingDouble(Anchor::measured))
            .toList()) {
      most = Math.max(most, anchor.measured());
      if (anchor.sum() > last) {
        anchors.add(new Anchor(anchor.sum(), most));
        last = anchor.sum();
      }
    }
  }

  /** The error that a model of this sum has. */
  double of(double sum) {
    if (anchors.isEmpty() || !(sum > 0)) {
      return sum;
    }
    int above = 0;
    while (above < anchors.size() && anchors.get(above).sum() < sum) {
      above++;
    }
    if (above == 0 || above == anchors.size()) {
      Anchor end = anchors.get(above == 0 ? 0 : above - 1);
      return sum * (end.measured() / end.sum());
    }
    Anchor from = anchors.get(above - 1);
    Anchor to = anchors.get(above);
    double share = StrictMath.log(sum / from.sum()) / StrictMath.log(to.sum() / from.sum());
    return from.measured() * StrictMath.pow(to.measured() / from.measured(), share);
  }
}
