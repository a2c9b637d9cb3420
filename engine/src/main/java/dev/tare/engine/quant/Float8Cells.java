package dev.tare.engine.quant;

import java.util.Arrays;

/**
 * The real line divided into cells of the values that round to the same float8 number; the
 * outermost cells reach to infinity.
 */
final class Float8Cells {

  /** Finite numbers, ascending, zero once. */
  private final double[] numbers;

  /** Upper ends of all cells but the last. */
  private final double[] ends;

  Float8Cells(Float8 format) {
    double[] all = new double[256];
    int count = 0;
    for (int code = 0; code < 256; code++) {
      float number = format.decode(code);
      boolean again = number == 0 && code > 0;
      if (Float.isFinite(number) && !again) {
        all[count++] = number;
      }
    }
    numbers = Arrays.copyOf(all, count);
    Arrays.sort(numbers);
    ends = new double[count - 1];
    for (int i = 0; i < ends.length; i++) {
      ends[i] = (numbers[i] + numbers[i + 1]) / 2;
    }
  }

  /** The value beyond which a number is further than half its last step outside. */
  double reach() {
    int last = numbers.length - 1;
    return numbers[last] + (numbers[last] - numbers[last - 1]) / 2;
  }

  /**
   * Mean squared error of values uniform in [from, to]; of one value if both are the same.
   *
   * <p>Cost: a search, then the cells that the interval overlaps.
   */
  double meanError(double from, double to) {
    int cell = Arrays.binarySearch(ends, from);
    cell = cell < 0 ? -cell - 1 : cell;
    if (from == to) {
      return (from - numbers[cell]) * (from - numbers[cell]);
    }
    double sum = 0;
    for (double start = from; start < to; cell++) {
      double end = cell < ends.length ? Math.min(ends[cell], to) : to;
      double head = start - numbers[cell];
      double tail = end - numbers[cell];
      sum += (head * head + head * tail + tail * tail) / 3 * (end - start);
      start = end;
    }
    return sum / (to - from);
  }
}
