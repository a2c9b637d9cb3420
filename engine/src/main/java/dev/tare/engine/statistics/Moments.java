package dev.tare.engine.statistics;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.MathContext;

/**
 * Exact sums of the finite values of one row of statistics, and of their squares: mean and variance
 * follow.
 *
 * <p>Immutable. {@link #merge} is associative and commutative, with {@link #EMPTY} as identity:
 * sums are integers of the smallest float and of its square, so nothing is rounded and order does
 * not matter. A sum of 2^63 values needs 341 bits, a sum of squares 618.
 *
 * @param count finite values, zeros included
 * @param others NaNs and infinities, which are not summed
 * @param sum sum of the values, in units of 2^-149
 * @param squares sum of their squares, in units of 2^-298
 */
public record Moments(long count, long others, BigInteger sum, BigInteger squares) {

  /** Sums over no values. */
  public static final Moments EMPTY = new Moments(0, 0, BigInteger.ZERO, BigInteger.ZERO);

  /** Fraction bits of {@link #sum}; {@link #squares} has twice as many. */
  private static final int FRACTION = 149;

  private static final MathContext DIGITS = new MathContext(60);

  /**
   * Checks that some values can have these sums.
   *
   * @throws IllegalArgumentException if a count is negative, or the sums are impossible: by
   *     Cauchy-Schwarz, sum^2 is at most count * squares
   */
  public Moments {
    boolean possible =
        (count | others) >= 0
            && squares.signum() >= 0
            && sum.multiply(sum).compareTo(squares.multiply(BigInteger.valueOf(count))) <= 0
            && (count > 0 || squares.signum() == 0);
    if (!possible) {
      throw new IllegalArgumentException(
          "Invalid moments: no %d finite values beside %d others have the sum %s * 2^-149 and the sum of squares %s * 2^-298"
              .formatted(count, others, sum, squares));
    }
  }

  /**
   * The sums over both multisets of values.
   *
   * @throws ArithmeticException if a count overflows a long
   */
  public Moments merge(Moments other) {
    return new Moments(
        Math.addExact(count, other.count),
        Math.addExact(others, other.others),
        sum.add(other.sum),
        squares.add(other.squares));
  }

  /** Mean of the finite values, rounded once to float64; NaN without any. */
  public double mean() {
    return count == 0 ? Double.NaN : quotient(sum, BigInteger.valueOf(count), FRACTION);
  }

  /** Mean squared distance of the finite values from their mean; NaN without any. */
  public double variance() {
    if (count == 0) {
      return Double.NaN;
    }
    BigInteger n = BigInteger.valueOf(count);
    return quotient(squares.multiply(n).subtract(sum.multiply(sum)), n.multiply(n), 2 * FRACTION);
  }

  private static double quotient(BigInteger numerator, BigInteger divisor, int fraction) {
    return new BigDecimal(numerator)
        .divide(new BigDecimal(divisor.shiftLeft(fraction)), DIGITS)
        .doubleValue();
  }
}
