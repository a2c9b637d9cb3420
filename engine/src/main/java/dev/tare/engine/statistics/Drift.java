package dev.tare.engine.statistics;

import dev.tare.engine.histogram.Histogram;

/**
 * How far the values of a tensor moved from one set of samples to another, computed from their
 * histograms.
 *
 * <p>Non-finite values do not enter the three distances and are reported separately. All sums are
 * float64 in order of value, so the figures are a function of the two states. Equal distributions
 * give 0, also where the numbers of values differ.
 *
 * @param psi population stability index over the deciles of the baseline and the values below and
 *     above its range: {@code sum (c - b) ln(c / b)} with shares below {@value #LEAST_SHARE} raised
 *     to it; at least 0 and finite. Credit scoring reads below 0.1 as stable and above 0.25 as a
 *     different population (Siddiqi, Credit Risk Scorecards, 2006)
 * @param jensenShannon Jensen-Shannon distance, the root of the divergence to base 2, over bins of
 *     {@value #COARSE_BITS} mantissa bits; in [0, 1], symmetric and a metric (Endres and
 *     Schindelin, 2003)
 * @param kolmogorovSmirnov greatest difference of the two cumulated shares at any edge of a bin; in
 *     [0, 1], symmetric
 * @param nonFiniteIncrease share of NaN and infinities among the current values, less that among
 *     the baseline's; in [-1, 1]
 */
public record Drift(
    double psi, double jensenShannon, double kolmogorovSmirnov, double nonFiniteIncrease) {

  /** Smaller shares of a cell are raised to this, so that an empty cell has a finite weight. */
  public static final double LEAST_SHARE = 1e-4;

  /** Bins of the Jensen-Shannon distance are 2^-3 wide relative to their value. */
  public static final int COARSE_BITS = 3;

  private static final int DECILES = 10;

  /**
   * Compares two states of one tensor; costs one pass over the bins of both.
   *
   * @throws IllegalArgumentException if one of them has no histogram
   */
  public static Drift between(Statistics baseline, Statistics current) {
    AlignedCounts fine = fine(baseline, current);
    return new Drift(
        psi(fine),
        jensenShannon(coarse(baseline, current)),
        kolmogorovSmirnov(fine),
        nonFinite(current) - nonFinite(baseline));
  }

  /**
   * Only the population stability index of {@link #between}.
   *
   * @throws IllegalArgumentException if one of them has no histogram
   */
  public static double psi(Statistics baseline, Statistics current) {
    return psi(fine(baseline, current));
  }

  /**
   * Only the Jensen-Shannon distance of {@link #between}.
   *
   * @throws IllegalArgumentException if one of them has no histogram
   */
  public static double jensenShannon(Statistics baseline, Statistics current) {
    return jensenShannon(coarse(baseline, current));
  }

  /**
   * Only the Kolmogorov-Smirnov distance of {@link #between}.
   *
   * @throws IllegalArgumentException if one of them has no histogram
   */
  public static double kolmogorovSmirnov(Statistics baseline, Statistics current) {
    return kolmogorovSmirnov(fine(baseline, current));
  }

  private static AlignedCounts fine(Statistics baseline, Statistics current) {
    return aligned(baseline, current, Integer.MAX_VALUE);
  }

  private static AlignedCounts coarse(Statistics baseline, Statistics current) {
    return aligned(baseline, current, COARSE_BITS);
  }

  private static AlignedCounts aligned(Statistics baseline, Statistics current, int mostBits) {
    Histogram before = histogram(baseline, "baseline");
    Histogram after = histogram(current, "current");
    int bits = Math.min(mostBits, Math.min(before.mantissaBits(), after.mantissaBits()));
    return AlignedCounts.of(
        before.coarsen(bits), baseline.zeros(), after.coarsen(bits), current.zeros());
  }

  private static Histogram histogram(Statistics statistics, String which) {
    return statistics
        .histogram()
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    "Cannot compare statistics: the %s keeps only extremes".formatted(which)));
  }

  private static double nonFinite(Statistics statistics) {
    return statistics.count() == 0
        ? 0
        : (double) (statistics.count() - statistics.finite()) / statistics.count();
  }

  private static double psi(AlignedCounts counts) {
    double psi = 0;
    long[] cells = new long[DECILES + 2];
    long[] others = new long[DECILES + 2];
    long cumulated = 0;
    for (int i = 0; i < counts.size(); i++) {
      int cell = cell(cumulated, counts.before(i), counts.totalBefore());
      cells[cell] += counts.before(i);
      others[cell] += counts.after(i);
      cumulated += counts.before(i);
    }
    for (int cell = 0; cell < cells.length; cell++) {
      if (cells[cell] + others[cell] > 0) {
        double b = Math.max(LEAST_SHARE, share(cells[cell], counts.totalBefore()));
        double c = Math.max(LEAST_SHARE, share(others[cell], counts.totalAfter()));
        psi += (c - b) * Math.log(c / b);
      }
    }
    return psi;
  }

  /**
   * The decile, from 1 on, in which a bin of the baseline begins; a bin is never split, so a value
   * that makes up more than a tenth of all (zero after a ReLU) has its own cell. Cell 0 is below
   * all of the baseline, the last one above.
   */
  private static int cell(long cumulated, long count, long total) {
    if (cumulated == 0 && count == 0) {
      return 0;
    }
    if (cumulated == total) {
      return DECILES + 1;
    }
    return 1 + (int) (DECILES * ((double) cumulated / total));
  }

  private static double jensenShannon(AlignedCounts counts) {
    if (counts.totalBefore() == 0 || counts.totalAfter() == 0) {
      return counts.totalBefore() == counts.totalAfter() ? 0 : 1;
    }
    double divergence = 0;
    for (int i = 0; i < counts.size(); i++) {
      double b = share(counts.before(i), counts.totalBefore());
      double c = share(counts.after(i), counts.totalAfter());
      divergence += term(b, c) + term(c, b);
    }
    return Math.sqrt(Math.max(0, Math.min(1, divergence / 2)));
  }

  private static double term(double share, double other) {
    return share == 0 ? 0 : share * Math.log(2 * share / (share + other)) / Math.log(2);
  }

  private static double kolmogorovSmirnov(AlignedCounts counts) {
    double most = 0;
    long before = 0;
    long after = 0;
    for (int i = 0; i < counts.size(); i++) {
      before += counts.before(i);
      after += counts.after(i);
      double difference = share(before, counts.totalBefore()) - share(after, counts.totalAfter());
      most = Math.max(most, Math.abs(difference));
    }
    return most;
  }

  private static double share(long count, long total) {
    return total == 0 ? 0 : (double) count / total;
  }
}
