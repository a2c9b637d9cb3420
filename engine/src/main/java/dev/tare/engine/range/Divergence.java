package dev.tare.engine.range;

/**
 * The divergence of a clipped histogram from its quantized self, for any window in time linear in
 * the number of groups.
 *
 * <p>With N values, M of them inside, p the reference counts, P_g and S_g the sums of a group with
 * and without outliers, and n_g its cells where p is not 0: {@code D = (sum p ln p - sum P_g (ln
 * S_g - ln n_g)) / N + ln(M / N)}. All but the logarithm of S_g comes from prefix sums.
 *
 * <p>Logarithms are exact to 1e-14 and equal on every machine, so every machine selects the same
 * window.
 */
final class Divergence {

  private final long[] counts;
  private final int groups;
  private final int rounding;
  private final long[] sum;
  private final int[] filled;
  private final double[] weighted;
  private final double[] logs;

  private Divergence(long[] counts, int groups, int rounding) {
    this.counts = counts;
    this.groups = groups;
    this.rounding = rounding;
    int n = counts.length;
    sum = new long[n + 1];
    filled = new int[n + 1];
    weighted = new double[n + 1];
    logs = new double[n + 1];
    for (int i = 0; i < n; i++) {
      sum[i + 1] = sum[i] + counts[i];
      filled[i + 1] = filled[i] + (counts[i] > 0 ? 1 : 0);
      weighted[i + 1] = weighted[i] + timesLog(counts[i]);
      logs[i + 1] = LogTable.log(i + 1);
    }
  }

  /** Group g of a window of n cells ends before cell {@code floor((g + 1) n / groups)}. */
  static Divergence roundingDown(long[] counts, int groups) {
    return new Divergence(counts, groups, 0);
  }

  /** Group g of a window of n cells ends before cell {@code ceil((g + 1) n / groups)}. */
  static Divergence roundingUp(long[] counts, int groups) {
    return new Divergence(counts, groups, groups - 1);
  }

  int groups() {
    return groups;
  }

  /**
   * The divergence of the window [from, to); infinite if Q cannot express P, or if most values are
   * outside: with all of P in one cell all of Q would be there too, and the two would agree.
   *
   * @param to above {@code from}
   */
  double of(int from, int to) {
    long total = sum[counts.length];
    long inside = sum[to] - sum[from];
    if (inside < total - inside) {
      return Double.POSITIVE_INFINITY;
    }
    long left = sum[from];
    long right = total - sum[to];
    double reference = weighted[to] - weighted[from];
    reference += timesLog(counts[from] + left) - timesLog(counts[from]);
    reference += timesLog(counts[to - 1] + right) - timesLog(counts[to - 1]);
    double quantized = 0;
    // Ends of groups as quotient and remainder: a division for each would be half of all the time.
    int cells = to - from;
    int step = cells / groups;
    int rest = cells % groups;
    int remainder = rounding;
    int start = from;
    for (int g = 0; g < groups; g++) {
      int end = start + step;
      remainder += rest;
      if (remainder >= groups) {
        remainder -= groups;
        end++;
      }
      long own = sum[end] - sum[start];
      int live = filled[end] - filled[start];
      long all = own;
      if (start == from && start < end && left > 0) {
        all += left;
        live += counts[from] == 0 ? 1 : 0;
      }
      if (end == to && start < end && right > 0) {
        all += right;
        live += counts[to - 1] == 0 ? 1 : 0;
      }
      if (all > 0) {
        if (own == 0) {
          return Double.POSITIVE_INFINITY;
        }
        double log = own < logs.length ? logs[(int) own] : LogTable.log(own);
        quantized += all * (log - logs[live]);
      }
      start = end;
    }
    double divergence = (reference - quantized) / total;
    return Math.max(0, divergence + StrictMath.log((double) inside / total));
  }

  private static double timesLog(long count) {
    return count == 0 ? 0 : count * LogTable.log(count);
  }
}
