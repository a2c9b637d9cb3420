package dev.tare.engine.range;

/**
 * Natural logarithms of counts from plain arithmetic: the same bits on every machine, which
 * Math.log does not promise, in a fraction of StrictMath's time, which dominates the divergence
 * search.
 *
 * <p>With {@code x = 2^e c (1 + r)}, c the middle of one of 2048 intervals of [1, 2) and |r| at
 * most 2^-12: {@code e ln 2 + ln c + r - r^2 / 2 + r^3 / 3}. The relative error is below 1e-14.
 */
final class LogTable {

  private static final int BITS = 11;
  private static final int SHIFT = 52 - BITS;
  private static final long ONE = Double.doubleToRawLongBits(1.0);
  private static final long MANTISSA = (1L << 52) - 1;
  private static final double LN2 = StrictMath.log(2);
  private static final double[] MIDDLE_INVERSE = new double[1 << BITS];
  private static final double[] MIDDLE_LOG = new double[1 << BITS];

  static {
    for (int i = 0; i < MIDDLE_LOG.length; i++) {
      double middle = 1 + (i + 0.5) / MIDDLE_LOG.length;
      MIDDLE_INVERSE[i] = 1 / middle;
      MIDDLE_LOG[i] = StrictMath.log(middle);
    }
  }

  private LogTable() {}

  /**
   * The natural logarithm of a count.
   *
   * @param count at least 1; 1 gives exactly 0
   */
  static double log(long count) {
    if (count == 1) {
      return 0;
    }
    long bits = Double.doubleToRawLongBits((double) count);
    int exponent = (int) (bits >>> 52) - 1023;
    int index = (int) ((bits & MANTISSA) >>> SHIFT);
    double mantissa = Double.longBitsToDouble((bits & MANTISSA) | ONE);
    double r = mantissa * MIDDLE_INVERSE[index] - 1;
    return exponent * LN2 + MIDDLE_LOG[index] + r * (1 - r * (0.5 - r / 3));
  }
}
