package dev.tare.engine.statistics;

import java.math.BigInteger;

/**
 * Sums over pairs of codes: what a channel is in the quantized model, and what it is in the float
 * model at the same place of the same sample. The line that takes one to the other follows, and how
 * far they are apart with and without it.
 *
 * <p>Immutable. {@link #merge} is associative and commutative, with {@link #EMPTY} as identity: all
 * sums are integers, and no order changes them.
 *
 * @param count pairs that are summed, at most {@value #MAX_COUNT}
 * @param outside pairs that are not, since one of both is no number or outside the codes
 * @param quantized sum of the quantized model's codes
 * @param expected sum of the float model's codes
 * @param squares sum of squares of the quantized model's codes
 * @param products sum of products of both codes
 * @param expectedSquares sum of squares of the float model's codes
 */
public record PairedSums(
    long count,
    long outside,
    long quantized,
    long expected,
    long squares,
    long products,
    long expectedSquares) {

  /** The largest magnitude of a code: 16 bits with sign. */
  public static final int MOST = 32_767;

  /** With more pairs, a sum of products could overflow a long. */
  public static final long MAX_COUNT = Long.MAX_VALUE >> 30;

  /** Sums over no pairs. */
  public static final PairedSums EMPTY = new PairedSums(0, 0, 0, 0, 0, 0, 0);

  /**
   * Checks that some pairs have these sums.
   *
   * @throws IllegalArgumentException if none have: by Cauchy-Schwarz, products^2 is at most squares
   *     * expectedSquares, and a sum^2 at most count times its sum of squares
   */
  public PairedSums {
    long limit = count < 0 || count > MAX_COUNT ? -1 : count * MOST * MOST;
    boolean possible =
        outside >= 0
            && squares >= 0
            && expectedSquares >= 0
            && squares <= limit
            && expectedSquares <= limit
            && bounded(quantized, count, squares)
            && bounded(expected, count, expectedSquares)
            && bounded(products, squares, expectedSquares);
    if (!possible) {
      throw new IllegalArgumentException(
          "Invalid paired sums: no %d pairs of codes beside %d others have sums %d and %d, squares %d and %d, products %d"
              .formatted(count, outside, quantized, expected, squares, expectedSquares, products));
    }
  }

  private static boolean bounded(long sum, long one, long other) {
    return BigInteger.valueOf(sum)
            .pow(2)
            .compareTo(BigInteger.valueOf(one).multiply(BigInteger.valueOf(other)))
        <= 0;
  }

  /**
   * The sums over both multisets of pairs.
   *
   * @throws ArithmeticException if there are more than {@value #MAX_COUNT} pairs
   */
  public PairedSums merge(PairedSums other) {
    long both = Math.addExact(count, other.count);
    if (both > MAX_COUNT) {
      throw new ArithmeticException("%d pairs, more than %d".formatted(both, MAX_COUNT));
    }
    return new PairedSums(
        both,
        Math.addExact(outside, other.outside),
        quantized + other.quantized,
        expected + other.expected,
        squares + other.squares,
        products + other.products,
        expectedSquares + other.expectedSquares);
  }

  /** Mean of the quantized model's codes; 0 without any. */
  public double mean() {
    return count == 0 ? 0 : (double) quantized / count;
  }

  /** Mean of the float model's codes; 0 without any. */
  public double expectedMean() {
    return count == 0 ? 0 : (double) expected / count;
  }

  /** Sum of squared distances of the quantized model's codes from their mean. */
  public double spread() {
    return squares - mean() * quantized;
  }

  /** Sum of products of both codes' distances from their means. */
  public double joint() {
    return products - mean() * expected;
  }

  /**
   * Sum of squared errors if the quantized model's codes are put on a line.
   *
   * @param gain by which they are multiplied
   * @param shift what is added then, in codes
   */
  public double error(double gain, double shift) {
    double offset = gain * mean() + shift - expectedMean();
    double around =
        (expectedSquares - expectedMean() * expected) - 2 * gain * joint() + gain * gain * spread();
    return Math.max(0, around) + count * offset * offset;
  }
}
