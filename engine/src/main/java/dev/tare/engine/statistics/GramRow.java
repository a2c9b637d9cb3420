package dev.tare.engine.statistics;

import java.math.BigInteger;
import java.util.Arrays;

/**
 * The row of one channel in a Gram matrix of codes, from the diagonal on: the rest is in the rows
 * of earlier channels. Immutable.
 */
public final class GramRow {

  private final int exponent;
  private final long saturated;
  private final long sum;
  private final long[] products;

  /**
   * @param exponent of the channel's scale, as in {@link GramScales}
   * @param saturated values outside the codes, NaNs included
   * @param sum sum of the channel's codes
   * @param products sums of the products of its codes with those of itself and of each later
   *     channel; copied
   * @throws IllegalArgumentException if there are no products, the scale is impossible, or a number
   *     is negative that cannot be
   */
  public GramRow(int exponent, long saturated, long sum, long[] products) {
    GramScales.require(exponent);
    if (saturated < 0 || products.length == 0 || products[0] < 0) {
      throw new IllegalArgumentException(
          "Invalid row of a Gram matrix: %d saturated values, %d products"
              .formatted(saturated, products.length));
    }
    this.exponent = exponent;
    this.saturated = saturated;
    this.sum = sum;
    this.products = products.clone();
  }

  /** The exponent of the channel's scale. */
  public int exponent() {
    return exponent;
  }

  /** How many values were outside the codes. */
  public long saturated() {
    return saturated;
  }

  /** The sum of the channel's codes. */
  public long sum() {
    return sum;
  }

  /** Number of products: channels from this one on. */
  public int size() {
    return products.length;
  }

  /**
   * The sum of products with a channel.
   *
   * @param later how many channels after this one
   */
  public long product(int later) {
    return products[later];
  }

  /** The row without products with other channels. */
  GramRow diagonal() {
    return products.length == 1
        ? this
        : new GramRow(exponent, saturated, sum, new long[] {products[0]});
  }

  /** A copy of all products. */
  public long[] products() {
    return products.clone();
  }

  /** Whether {@code count} vectors of codes can have these sums. */
  boolean possible(long count) {
    BigInteger n = BigInteger.valueOf(count);
    BigInteger square = BigInteger.valueOf(sum).pow(2);
    long limit = Math.multiplyExact(count, (long) GramScales.LEAST * GramScales.LEAST);
    boolean within = saturated <= count && products[0] <= limit;
    for (long product : products) {
      within &= product >= -limit && product <= limit;
    }
    return within && square.compareTo(n.multiply(BigInteger.valueOf(products[0]))) <= 0;
  }

  /**
   * Sums over both multisets of vectors.
   *
   * @throws ArithmeticException if a sum overflows a long
   */
  GramRow merge(GramRow other) {
    long[] sums = new long[products.length];
    for (int j = 0; j < sums.length; j++) {
      sums[j] = Math.addExact(products[j], other.products[j]);
    }
    return new GramRow(
        exponent, Math.addExact(saturated, other.saturated), Math.addExact(sum, other.sum), sums);
  }

  @Override
  public boolean equals(Object object) {
    return object instanceof GramRow other
        && exponent == other.exponent
        && saturated == other.saturated
        && sum == other.sum
        && Arrays.equals(products, other.products);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(products) + 31 * Long.hashCode(sum);
  }

  @Override
  public String toString() {
    return "%d products under 2^%d, sum %d, %d saturated"
        .formatted(products.length, exponent, sum, saturated);
  }
}
