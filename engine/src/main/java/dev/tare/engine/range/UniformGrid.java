package dev.tare.engine.range;

import dev.tare.engine.histogram.Distribution;
import java.util.Arrays;

/**
 * A distribution re-binned into cells of one width that start at 0: cell i of a side is |x| in [i *
 * width, (i + 1) * width).
 *
 * <p>Bins of equal width keep their width. Otherwise the width is a power of two no finer than the
 * widest bin, so each bin that follows the float format is inside one cell and the counts stay
 * exact. A bin that crosses cells is split in proportion, rounded down cumulatively, so that the
 * sum is kept.
 */
final class UniformGrid {

  private static final int MOST_CELLS = 1 << 14;
  private static final double ALIGNED = 1e-2;

  private final double width;
  private final long zeros;
  private final long[] negative;
  private final long[] positive;

  private UniformGrid(double width, long zeros, long[] negative, long[] positive) {
    this.width = width;
    this.zeros = zeros;
    this.negative = negative;
    this.positive = positive;
  }

  /**
   * Whether all values are known exactly, as zeros or at the ends of the distribution, so that
   * there are no cells to choose among.
   */
  static boolean isExact(Distribution distribution) {
    return widest(distribution) == 0;
  }

  /**
   * @throws IllegalArgumentException if no bin has a width
   */
  static UniformGrid of(Distribution distribution, String method) {
    double magnitude = 0;
    for (int i = 0; i < distribution.bins(); i++) {
      if (distribution.count(i) > 0) {
        magnitude = Math.max(magnitude, -distribution.lower(i));
        magnitude = Math.max(magnitude, distribution.upper(i));
      }
    }
    boolean uniform = isUniform(distribution);
    double width = width(distribution, uniform, method);
    while (magnitude / width > MOST_CELLS) {
      width *= 2;
    }
    int cells = (int) Math.ceil(magnitude / width) + 1;
    long[] negative = new long[cells];
    long[] positive = new long[cells];
    long zeros = 0;
    for (int i = 0; i < distribution.bins(); i++) {
      long count = distribution.count(i);
      double from = position(distribution.lower(i) / width, uniform);
      double to = position(distribution.upper(i) / width, uniform);
      if (from == 0 && to == 0) {
        zeros += count;
      } else if (from >= 0) {
        share(positive, from, to, count);
      } else if (to <= 0) {
        share(negative, -to, -from, count);
      } else {
        long below = (long) (count * (-from / (to - from)));
        share(negative, 0, -from, below);
        share(positive, 0, to, count - below);
      }
    }
    return new UniformGrid(width, zeros, trimmed(negative), trimmed(positive));
  }

  /** Whether bins touch and have one width, within the rounding of float32 edges. */
  static boolean isUniform(Distribution distribution) {
    int bins = distribution.bins();
    if (bins == 0) {
      return false;
    }
    double mean = (distribution.upper(bins - 1) - distribution.lower(0)) / bins;
    for (int i = 0; i < bins; i++) {
      double width = distribution.upper(i) - distribution.lower(i);
      boolean touches = i == 0 || distribution.lower(i) == distribution.upper(i - 1);
      if (!touches || Math.abs(width - mean) > ALIGNED * mean || mean <= 0) {
        return false;
      }
    }
    return true;
  }

  /**
   * Checks that there are enough cells from 0 to the maximum, counted in whole powers of two, so
   * that the result depends on the resolution of the histogram and not on its maximum.
   *
   * @throws IllegalArgumentException if there are fewer than needed
   */
  void requireCells(long needed, Range full, String method) {
    long cells = Long.highestOneBit((long) (full.magnitude() / width));
    if (cells < needed) {
      throw new IllegalArgumentException(
          "Cannot select a range by %s: needs %d cells from 0 to the maximum, the histogram has %d"
              .formatted(method, needed, cells));
    }
  }

  double width() {
    return width;
  }

  /** Number of exact zeros, which are in no cell. */
  long zeros() {
    return zeros;
  }

  int negativeCells() {
    return negative.length;
  }

  int positiveCells() {
    return positive.length;
  }

  long negative(int cell) {
    return cell < negative.length ? negative[cell] : 0;
  }

  long positive(int cell) {
    return cell < positive.length ? positive[cell] : 0;
  }

  /** Cells of the longer side. */
  int cells() {
    return Math.max(negative.length, positive.length);
  }

  private static double width(Distribution distribution, boolean uniform, String method) {
    if (uniform) {
      int bins = distribution.bins();
      return (distribution.upper(bins - 1) - distribution.lower(0)) / bins;
    }
    double widest = widest(distribution);
    if (widest == 0) {
      throw new IllegalArgumentException(
          "Cannot select a range by " + method + ": no bin of the histogram has a width");
    }
    double power = Math.scalb(1.0, Math.getExponent(widest));
    return power < widest ? 2 * power : power;
  }

  private static double widest(Distribution distribution) {
    double widest = 0;
    for (int i = 0; i < distribution.bins(); i++) {
      if (distribution.count(i) > 0) {
        widest = Math.max(widest, distribution.upper(i) - distribution.lower(i));
      }
    }
    return widest;
  }

  /** The float32 edges of a uniform histogram differ from the cell's edge by rounding. */
  private static double position(double position, boolean uniform) {
    double nearest = Math.rint(position);
    return uniform && Math.abs(position - nearest) < ALIGNED ? nearest : position;
  }

  private static void share(long[] cells, double from, double to, long count) {
    int first = (int) from;
    int last = Math.max(first, (int) Math.ceil(to) - 1);
    long given = 0;
    for (int cell = first; cell < last; cell++) {
      long upTo = (long) (count * ((cell + 1 - from) / (to - from)));
      cells[cell] += upTo - given;
      given = upTo;
    }
    cells[last] += count - given;
  }

  private static long[] trimmed(long[] cells) {
    int length = cells.length;
    while (length > 0 && cells[length - 1] == 0) {
      length--;
    }
    return Arrays.copyOf(cells, length);
  }
}
