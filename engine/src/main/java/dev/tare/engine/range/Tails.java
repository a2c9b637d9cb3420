package dev.tare.engine.range;

import dev.tare.engine.histogram.Distribution;
import java.util.Arrays;

/**
 * Moments of the values beyond a point, in logarithmic time.
 *
 * <p>Values are uniform inside a bin, cut to the exact extremes. Sums run from the tail inwards, so
 * that a thin tail keeps its precision next to a large middle.
 */
final class Tails {

  private final double[] lower;
  private final double[] upper;
  private final double[] count;
  private final double[] first;
  private final double[] second;
  private final double[] suffix;

  private Tails(double[] lower, double[] upper, double[] count) {
    this.lower = lower;
    this.upper = upper;
    this.count = count;
    int n = count.length;
    this.suffix = new double[n + 1];
    this.first = new double[n + 1];
    this.second = new double[n + 1];
    for (int i = n - 1; i >= 0; i--) {
      double a = lower[i];
      double b = upper[i];
      suffix[i] = suffix[i + 1] + count[i];
      first[i] = first[i + 1] + count[i] * (a + b) / 2;
      second[i] = second[i + 1] + count[i] * (a * a + a * b + b * b) / 3;
    }
  }

  /** Tails towards positive infinity. */
  static Tails above(Distribution distribution) {
    int n = 0;
    double[] lower = new double[distribution.bins()];
    double[] upper = new double[lower.length];
    double[] count = new double[lower.length];
    for (int i = 0; i < lower.length; i++) {
      if (distribution.count(i) > 0) {
        lower[n] = Math.max(distribution.lower(i), distribution.min());
        upper[n] = Math.max(lower[n], Math.min(distribution.upper(i), distribution.max()));
        count[n++] = distribution.count(i);
      }
    }
    return new Tails(Arrays.copyOf(lower, n), Arrays.copyOf(upper, n), Arrays.copyOf(count, n));
  }

  /** The tails of the negated values: towards negative infinity. */
  Tails mirrored() {
    int n = count.length;
    double[] newLower = new double[n];
    double[] newUpper = new double[n];
    double[] newCount = new double[n];
    for (int i = 0; i < n; i++) {
      newLower[i] = -upper[n - 1 - i];
      newUpper[i] = -lower[n - 1 - i];
      newCount[i] = count[n - 1 - i];
    }
    return new Tails(newLower, newUpper, newCount);
  }

  double total() {
    return suffix[0];
  }

  /** Sum of squares of all values. */
  double power() {
    return second[0];
  }

  /** Expected number of values above a point. */
  double count(double point) {
    int bin = binOf(point);
    if (bin == count.length) {
      return 0;
    }
    return suffix[bin + 1] + count[bin] * shareAbove(bin, point);
  }

  /**
   * Adds the expected sums of {@code x - point} over the values above each of the points {@code (k
   * + 0.5) scale}, for k below a number, the farthest first. Each search begins at the bin of the
   * point before.
   *
   * @param sum what they are added to
   */
  double excesses(int points, double scale, double sum) {
    int bin = points > 0 ? binOf((points - 0.5) * scale) : 0;
    double all = sum;
    for (int k = points - 1; k >= 0; k--) {
      double point = (k + 0.5) * scale;
      bin = binBefore(bin, point);
      all += excess(bin, point);
    }
    return all;
  }

  /** Expected sum of {@code x - point} over the values above, of which some are in a bin. */
  private double excess(int bin, double point) {
    if (bin == count.length) {
      return 0;
    }
    if (lower[bin] >= point) {
      return first[bin] - point * suffix[bin];
    }
    double part = upper[bin] - point;
    double inside = count[bin] * part * part / (2 * (upper[bin] - lower[bin]));
    return first[bin + 1] - point * suffix[bin + 1] + inside;
  }

  /** Expected sum of {@code (x - point)^2} over the values above. */
  double squaredExcess(double point) {
    int bin = binOf(point);
    if (bin == count.length) {
      return 0;
    }
    if (lower[bin] >= point) {
      return second[bin] - 2 * point * first[bin] + point * point * suffix[bin];
    }
    double part = upper[bin] - point;
    double inside = count[bin] * part * part * part / (3 * (upper[bin] - lower[bin]));
    int next = bin + 1;
    return second[next] - 2 * point * first[next] + point * point * suffix[next] + inside;
  }

  /** The point that has {@code wanted} values above it, interpolated inside its bin. */
  double pointBelow(double wanted) {
    int from = 0;
    int to = count.length - 1;
    while (from < to) {
      int middle = (from + to + 1) >>> 1;
      if (suffix[middle] >= wanted) {
        from = middle;
      } else {
        to = middle - 1;
      }
    }
    double share = Math.max(0, Math.min(1, (wanted - suffix[from + 1]) / count[from]));
    return upper[from] - share * (upper[from] - lower[from]);
  }

  /** The first bin that reaches above a point; the number of bins if none does. */
  private int binOf(double point) {
    return firstAbove(0, count.length, point);
  }

  /** The same, if it is not behind a bin; in the logarithm of the distance. */
  private int binBefore(int bin, double point) {
    int to = bin;
    int step = 1;
    while (to >= step && upper[to - step] > point) {
      to -= step;
      step *= 2;
    }
    return firstAbove(Math.max(0, to - step + 1), to, point);
  }

  /** The first bin from one on that reaches above a point; {@code to} if none before it does. */
  private int firstAbove(int from, int to, double point) {
    while (from < to) {
      int middle = (from + to) >>> 1;
      if (upper[middle] > point) {
        to = middle;
      } else {
        from = middle + 1;
      }
    }
    return from;
  }

  private double shareAbove(int bin, double point) {
    return lower[bin] >= point ? 1 : (upper[bin] - point) / (upper[bin] - lower[bin]);
  }
}
