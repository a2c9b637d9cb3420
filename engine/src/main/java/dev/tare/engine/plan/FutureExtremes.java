package dev.tare.engine.plan;

import dev.tare.engine.histogram.FloatBins;
import dev.tare.engine.histogram.Histogram;
import dev.tare.engine.range.Range;
import dev.tare.engine.statistics.Statistics;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * How far values may reach after as many samples again, from the largest values of disjoint parts
 * of the samples.
 *
 * <p>Maxima of parts with many values follow a Gumbel distribution where the tail of the values is
 * like that of an exponential. Its location and scale are not known, but how far the maximum of as
 * many parts again is from the largest of theirs, divided by the mean distance of theirs from the
 * smallest, has a distribution that depends on neither. A quantile of it is the factor of this
 * prediction (J. Tiago de Oliveira, Statistical Theory of Extremes, chapter "Statistical Analysis
 * of the Gumbel Model", on interval prediction); the quantiles were found by 4,000,000 draws for
 * each number of parts.
 *
 * <p>It is applied to square roots, so that it is exact for tails like exp(-sqrt(x)), which are
 * heavier than exponential; for lighter ones it reaches further than it must. It is not enough for
 * tails so heavy that values have no mean.
 */
final class FutureExtremes {

  /** Parts that are told apart; more are united. */
  static final int MOST_PARTS = 8;

  static final int FEWEST_PARTS = 4;

  /** For each number of parts from {@value #FEWEST_PARTS} on, the quantile at 97.5 %. */
  private static final double[] QUANTILES = {6.84, 5.24, 4.41, 3.90, 3.56};

  /** Ends on each side, the seen one included. */
  private static final int STEPS = 5;

  private FutureExtremes() {}

  /**
   * Pairs of ends, in ranges with 0: {@value #STEPS} from the seen to the predicted one of an end
   * that is predicted, by the same of the other end, or by the seen one of an end that is not. The
   * error is no smooth function of the scale: where most values are within a few steps of 0, a
   * small change of the scale or its zero point moves all of them against the grid.
   *
   * @param parts each with a finite value, at least {@value #FEWEST_PARTS}
   * @param below whether the low end is predicted; a range that ends at 0 has none to predict, and
   *     one that ends inside the values does not move with the smallest
   * @param above the same of the high end
   */
  static List<Range> pairs(List<Statistics> parts, boolean below, boolean above) {
    float[] maxima = new float[parts.size()];
    float[] negated = new float[parts.size()];
    float max = Float.NEGATIVE_INFINITY;
    float min = Float.POSITIVE_INFINITY;
    for (int p = 0; p < maxima.length; p++) {
      maxima[p] = parts.get(p).max();
      negated[p] = -parts.get(p).min();
      max = Math.max(max, maxima[p]);
      min = Math.min(min, -negated[p]);
    }
    float highest = above ? highest(maxima) : max;
    float lowest = below ? -highest(negated) : min;
    List<Range> pairs = new ArrayList<>();
    for (int up = 0; up < (above ? STEPS : 1); up++) {
      for (int down = 0; down < (below ? STEPS : 1); down++) {
        pairs.add(Range.containing(between(min, lowest, down), between(max, highest, up)));
      }
    }
    return pairs;
  }

  private static float between(float seen, float future, int step) {
    return (float) (seen + ((double) future - seen) * step / (STEPS - 1));
  }

  /**
   * Statistics of both ends of a range.
   *
   * @param mantissaBits of the bins; 0 for none
   */
  static Statistics counted(Range ends, int mantissaBits) {
    return counted(ends.low(), mantissaBits).merge(counted(ends.high(), mantissaBits));
  }

  private static Statistics counted(float value, int mantissaBits) {
    Optional<Histogram> histogram = Optional.empty();
    if (mantissaBits > 0) {
      int[] bin = value == 0 ? new int[0] : new int[] {FloatBins.of(mantissaBits).bin(value)};
      long[] count = value == 0 ? new long[0] : new long[] {1};
      histogram = Optional.of(Histogram.of(mantissaBits, bin, count));
    }
    return new Statistics(1, value == 0 ? 1 : 0, 0, 0, 0, value, value, histogram);
  }

  /**
   * The value that the largest of as many samples again exceeds in at most 2.5 % of cases, so that
   * with the same of the negated values both ends are right in 95 %.
   *
   * @param maxima of the parts, finite
   * @return finite, at least the largest of them
   * @throws IllegalArgumentException if there are fewer than {@value #FEWEST_PARTS}
   */
  static float highest(float[] maxima) {
    if (maxima.length < FEWEST_PARTS) {
      throw new IllegalArgumentException(
          "Cannot predict extremes from %d parts: at least %d are needed"
              .formatted(maxima.length, FEWEST_PARTS));
    }
    double[] roots = new double[Math.min(maxima.length, MOST_PARTS)];
    Arrays.fill(roots, Double.NEGATIVE_INFINITY);
    for (int p = 0; p < maxima.length; p++) {
      int part = p % roots.length;
      roots[part] = Math.max(roots[part], root(maxima[p]));
    }
    // A sum in the order of the parts would depend on it.
    Arrays.sort(roots);
    double smallest = roots[0];
    double largest = roots[roots.length - 1];
    double spread = 0;
    for (double root : roots) {
      spread += root - smallest;
    }
    double reached = largest + QUANTILES[roots.length - FEWEST_PARTS] * spread / roots.length;
    double highest = reached * Math.abs(reached);
    float largestSeen = Float.NEGATIVE_INFINITY;
    for (float maximum : maxima) {
      largestSeen = Math.max(largestSeen, maximum);
    }
    return (float) Math.max(largestSeen, Math.min(Float.MAX_VALUE, highest));
  }

  /** With the sign of the value, so that it grows with it everywhere. */
  private static double root(float value) {
    return Math.copySign(Math.sqrt(Math.abs((double) value)), value);
  }
}
