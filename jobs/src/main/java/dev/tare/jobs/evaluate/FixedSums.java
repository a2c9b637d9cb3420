package dev.tare.jobs.evaluate;

import java.math.BigInteger;
import java.nio.ByteBuffer;

/**
 * Many sums of numbers that are not negative, the same for any order: fixed point of 192 bits, the
 * last of which is 2^-96. What is smaller is cut off each number; a sum of 2^95 or more is
 * infinite.
 *
 * <p>Not thread-safe; confined to one task.
 */
final class FixedSums {

  /** Bytes of a sum. */
  static final int BYTES = 24;

  private static final int WORDS = 3;
  private static final int FRACTION_BITS = 96;

  /** Three words a sum, lowest first; the highest is negative where the sum is infinite. */
  private final long[] words;

  FixedSums(int sums) {
    words = new long[WORDS * sums];
  }

  /**
   * Adds to a sum.
   *
   * @param value at least 0
   */
  void add(int sum, double value) {
    if (value == 0) {
      return;
    }
    int shift = Math.getExponent(value) - 52 + FRACTION_BITS;
    if (!(value < 0x1p95)) {
      overflow(sum);
      return;
    }
    long bits = Double.doubleToRawLongBits(value);
    long mantissa = (bits & 0xF_FFFF_FFFF_FFFFL) | 0x10_0000_0000_0000L;
    if (shift <= -53) {
      return;
    }
    if (shift < 0) {
      mantissa >>>= -shift;
      shift = 0;
    }
    int word = shift >>> 6;
    int bit = shift & 63;
    add(sum, word, mantissa << bit);
    if (bit > 0) {
      add(sum, word + 1, mantissa >>> (64 - bit));
    }
  }

  private void add(int sum, int word, long value) {
    long carry = value;
    for (int i = word; carry != 0; i++) {
      if (i == WORDS) {
        overflow(sum);
        return;
      }
      int at = WORDS * sum + i;
      long before = words[at];
      if (i == WORDS - 1 && before < 0) {
        return;
      }
      words[at] = before + carry;
      carry = Long.compareUnsigned(words[at], before) < 0 ? 1 : 0;
    }
    if (words[WORDS * sum + WORDS - 1] < 0) {
      overflow(sum);
    }
  }

  private void overflow(int sum) {
    words[WORDS * sum] = 0;
    words[WORDS * sum + 1] = 0;
    words[WORDS * sum + 2] = Long.MIN_VALUE;
  }

  /** Adds as many other sums, one by one. */
  void add(FixedSums that) {
    for (int sum = 0; sum < words.length / WORDS; sum++) {
      if (that.words[WORDS * sum + WORDS - 1] < 0) {
        overflow(sum);
      }
      for (int i = 0; i < WORDS && words[WORDS * sum + WORDS - 1] >= 0; i++) {
        add(sum, i, that.words[WORDS * sum + i]);
      }
    }
  }

  /** A sum as the nearest double. */
  double value(int sum) {
    if (words[WORDS * sum + WORDS - 1] < 0) {
      return Double.POSITIVE_INFINITY;
    }
    ByteBuffer bigEndian = ByteBuffer.allocate(BYTES);
    for (int i = WORDS - 1; i >= 0; i--) {
      bigEndian.putLong(words[WORDS * sum + i]);
    }
    return Math.scalb(new BigInteger(1, bigEndian.array()).doubleValue(), -FRACTION_BITS);
  }

  void encode(ByteBuffer out) {
    for (long word : words) {
      out.putLong(word);
    }
  }

  static FixedSums decode(ByteBuffer in, int sums) {
    FixedSums decoded = new FixedSums(sums);
    for (int i = 0; i < decoded.words.length; i++) {
      decoded.words[i] = in.getLong();
    }
    return decoded;
  }
}
