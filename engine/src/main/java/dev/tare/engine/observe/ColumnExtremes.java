package dev.tare.engine.observe;

/**
 * The smallest and largest value of each column of a tile, as {@link Keys}.
 *
 * <p>Where 0 is between the extremes known so far, the bits need no key: a value above the largest
 * is larger as a signed int, one below the smallest is larger with its sign flipped. Branches that
 * are hardly ever taken cost less than the latency of conditional moves, which JDK 17 does not turn
 * into vector code.
 */
final class ColumnExtremes {

  /** Number of columns whose extremes fit in registers together. */
  private static final int LANES = 8;

  private ColumnExtremes() {}

  /**
   * Folds the columns of a tile, which begin at its start, into the extremes of channels.
   *
   * @return false when a value is infinite or NaN: extremes then lack some of the finite values
   */
  static boolean fold(int[] tile, int rows, int columns, int[] mins, int[] maxs, int first) {
    boolean finite = true;
    int column = 0;
    for (; column + LANES <= columns; column += LANES) {
      if (spanZero(mins, maxs, first + column)) {
        finite &= foldLanes(tile, column, rows, columns, mins, maxs, first + column);
      } else {
        for (int lane = column; lane < column + LANES; lane++) {
          finite &= foldColumn(tile, lane, rows, columns, mins, maxs, first + lane);
        }
      }
    }
    for (; column < columns; column++) {
      finite &= foldColumn(tile, column, rows, columns, mins, maxs, first + column);
    }
    return finite;
  }

  private static boolean spanZero(int[] mins, int[] maxs, int at) {
    boolean span = true;
    for (int lane = at; lane < at + LANES; lane++) {
      span &= mins[lane] <= 0 && maxs[lane] >= -1;
    }
    return span;
  }

  private static boolean foldLanes(
      int[] tile, int start, int rows, int stride, int[] mins, int[] maxs, int at) {
    int flip = Integer.MIN_VALUE;
    int high0 = Math.max(0, maxs[at]);
    int high1 = Math.max(0, maxs[at + 1]);
    int high2 = Math.max(0, maxs[at + 2]);
    int high3 = Math.max(0, maxs[at + 3]);
    int high4 = Math.max(0, maxs[at + 4]);
    int high5 = Math.max(0, maxs[at + 5]);
    int high6 = Math.max(0, maxs[at + 6]);
    int high7 = Math.max(0, maxs[at + 7]);
    // The key of a negative value is the complement of its magnitude.
    int low0 = Math.max(0, ~mins[at]);
    int low1 = Math.max(0, ~mins[at + 1]);
    int low2 = Math.max(0, ~mins[at + 2]);
    int low3 = Math.max(0, ~mins[at + 3]);
    int low4 = Math.max(0, ~mins[at + 4]);
    int low5 = Math.max(0, ~mins[at + 5]);
    int low6 = Math.max(0, ~mins[at + 6]);
    int low7 = Math.max(0, ~mins[at + 7]);
    int end = start + rows * stride;
    for (int i = start; i < end; i += stride) {
      int bits = tile[i];
      if (bits > high0) high0 = bits;
      bits ^= flip;
      if (bits > low0) low0 = bits;
      bits = tile[i + 1];
      if (bits > high1) high1 = bits;
      bits ^= flip;
      if (bits > low1) low1 = bits;
      bits = tile[i + 2];
      if (bits > high2) high2 = bits;
      bits ^= flip;
      if (bits > low2) low2 = bits;
      bits = tile[i + 3];
      if (bits > high3) high3 = bits;
      bits ^= flip;
      if (bits > low3) low3 = bits;
      bits = tile[i + 4];
      if (bits > high4) high4 = bits;
      bits ^= flip;
      if (bits > low4) low4 = bits;
      bits = tile[i + 5];
      if (bits > high5) high5 = bits;
      bits ^= flip;
      if (bits > low5) low5 = bits;
      bits = tile[i + 6];
      if (bits > high6) high6 = bits;
      bits ^= flip;
      if (bits > low6) low6 = bits;
      bits = tile[i + 7];
      if (bits > high7) high7 = bits;
      bits ^= flip;
      if (bits > low7) low7 = bits;
    }
    boolean finite = put(high0, low0, mins, maxs, at);
    finite &= put(high1, low1, mins, maxs, at + 1);
    finite &= put(high2, low2, mins, maxs, at + 2);
    finite &= put(high3, low3, mins, maxs, at + 3);
    finite &= put(high4, low4, mins, maxs, at + 4);
    finite &= put(high5, low5, mins, maxs, at + 5);
    finite &= put(high6, low6, mins, maxs, at + 6);
    finite &= put(high7, low7, mins, maxs, at + 7);
    return finite;
  }

  private static boolean put(int high, int low, int[] mins, int[] maxs, int at) {
    if (high >= Keys.POSITIVE_INFINITY || low >= Keys.POSITIVE_INFINITY) {
      return false;
    }
    maxs[at] = high;
    mins[at] = ~low;
    return true;
  }

  /**
   * Folds consecutive values into the extremes of one channel.
   *
   * @return false when a value is infinite or NaN: nothing is folded then
   */
  static boolean foldRun(int[] tile, int from, int length, int[] mins, int[] maxs, int at) {
    if (mins[at] > 0 || maxs[at] < -1) {
      return foldColumn(tile, from, length, 1, mins, maxs, at);
    }
    int high = Math.max(0, maxs[at]);
    int low = Math.max(0, ~mins[at]);
    for (int i = from; i < from + length; i++) {
      int bits = tile[i];
      if (bits > high) high = bits;
      bits ^= Integer.MIN_VALUE;
      if (bits > low) low = bits;
    }
    return put(high, low, mins, maxs, at);
  }

  private static boolean foldColumn(
      int[] tile, int start, int rows, int stride, int[] mins, int[] maxs, int at) {
    int low = mins[at];
    int high = maxs[at];
    int end = start + rows * stride;
    for (int i = start; i < end; i += stride) {
      int key = Keys.of(tile[i]);
      if (key > high) {
        high = key;
      }
      if (key < low) {
        low = key;
      }
    }
    if (low <= Keys.NEGATIVE_INFINITY || high >= Keys.POSITIVE_INFINITY) {
      return false;
    }
    mins[at] = low;
    maxs[at] = high;
    return true;
  }
}
