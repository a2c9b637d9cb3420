package dev.tare.engine.quant;

import dev.tare.engine.tensor.HalfFloats;
import java.util.Arrays;
import java.util.Optional;

/**
 * The real line divided into cells of the values that round to the same number of a floating-point
 * type, or of a table; the outermost cells reach to infinity.
 */
final class FloatCells {

  /** The numbers that codes stand for. */
  private interface Numbers {
    float decode(int code);
  }

  /** Made when it is first needed: it has 63,487 cells. */
  private static final class Halves {
    static final FloatCells CELLS =
        new FloatCells(1 << Short.SIZE, code -> HalfFloats.ofFloat16((short) code));
  }

  /** Finite numbers, ascending, zero once. */
  private final double[] numbers;

  /** Upper ends of all cells but the last. */
  private final double[] ends;

  private FloatCells(int codes, Numbers type) {
    double[] all = new double[codes];
    int count = 0;
    for (int code = 0; code < codes; code++) {
      float number = type.decode(code);
      if (Float.isFinite(number)) {
        // Of zeros there are two.
        all[count++] = number + 0d;
      }
    }
    numbers = Arrays.stream(all, 0, count).sorted().distinct().toArray();
    count = numbers.length;
    ends = new double[count - 1];
    for (int i = 0; i < ends.length; i++) {
      ends[i] = (numbers[i] + numbers[i + 1]) / 2;
    }
  }

  /** The cells of a floating-point type or a table; empty for integers. */
  static Optional<FloatCells> of(QuantType type) {
    return type == QuantType.FLOAT16
        ? Optional.of(Halves.CELLS)
        : type.float8()
            .map(format -> new FloatCells(1 << Byte.SIZE, format::decode))
            .or(() -> type.codebook().map(table -> new FloatCells(table.size(), table::decode)));
  }

  /** The value beyond which a number is further than half its last step outside. */
  double top() {
    int last = numbers.length - 1;
    return numbers[last] + (numbers[last] - numbers[last - 1]) / 2;
  }

  /** Likewise, below. */
  double bottom() {
    return numbers[0] - (numbers[1] - numbers[0]) / 2;
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
