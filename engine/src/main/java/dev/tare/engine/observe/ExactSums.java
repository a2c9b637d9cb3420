package dev.tare.engine.observe;

import dev.tare.engine.statistics.Moments;
import java.math.BigInteger;
import java.nio.ByteBuffer;

/**
 * Sums of floats and of their squares by channel, without rounding: a fixed-point number as wide as
 * the range of floats, in limbs of 32 bits. A limb is a long, so 2^29 values can be added before
 * carries must be propagated.
 *
 * <p>The unit of a sum is 2^-149, the smallest float, so a float is its 24-bit significand shifted
 * left by its exponent, and touches two limbs; a square touches three. Most values of a channel
 * have similar exponents: those are first added in three longs, which stay in registers, and reach
 * the limbs together. Not thread-safe. Memory: {@value #BYTES} bytes per channel.
 */
final class ExactSums {

  /** 277 bits of a float, 63 of the count; the last limb has 64 bits. */
  private static final int SUM_LIMBS = 10;

  /** 554 bits of a square, 63 of the count. */
  private static final int SQUARE_LIMBS = 19;

  private static final int LIMBS = SUM_LIMBS + SQUARE_LIMBS;

  /** Bytes of one channel: its limbs, and the count of values that are not summed. */
  static final int BYTES = (LIMBS + 1) * Long.BYTES;

  private static final long LOW = 0xffffffffL;
  private static final long BEFORE_CARRY = 1L << 28;

  /**
   * Values whose exponent is that much below the largest, or less, are added together: half a
   * square has 24 bits, and is shifted left by twice as much.
   */
  private static final int WINDOW = 12;

  private static final int HALF = 24;
  private static final long LOW_HALF = (1L << HALF) - 1;

  /** So many values of 48 bits fit a long, with its sign. */
  private static final int MOST_TOGETHER = 1 << 14;

  /** Fewer values than this are cheaper alone; the limbs also get no more than they can carry. */
  private static final int FEWEST_TOGETHER = 4;

  private final long[] limbs;
  private final long[] others;
  private long perChannel;
  private long sinceCarry;

  ExactSums(int channels) {
    this.limbs = new long[Math.multiplyExact(channels, LIMBS)];
    this.others = new long[channels];
  }

  int channels() {
    return others.length;
  }

  /**
   * Announces how many values will be added to each channel.
   *
   * @throws ArithmeticException if the count overflows a long; nothing changed then
   */
  void expect(long more) {
    perChannel = Math.addExact(perChannel, more);
    sinceCarry += more;
    if (sinceCarry > BEFORE_CARRY) {
      carry();
      sinceCarry = more;
    }
  }

  /**
   * Adds values of one channel by their bits: {@code count} of them, of which the next is {@code
   * stride} behind.
   */
  void add(int channel, int[] bits, int from, int count, int stride) {
    for (int done = 0; done < count; done += MOST_TOGETHER) {
      addSome(channel, bits, from + done * stride, Math.min(MOST_TOGETHER, count - done), stride);
    }
  }

  private void addSome(int channel, int[] bits, int from, int count, int stride) {
    int end = from + count * stride;
    int largest = 0;
    for (int i = from; i < end; i += stride) {
      largest = Math.max(largest, bits[i] & 0x7fffffff);
    }
    int top = largest >>> 23;
    if (count < FEWEST_TOGETHER || top == 0xff) {
      for (int i = from; i < end; i += stride) {
        add(channel, bits[i]);
      }
      return;
    }
    // Subnormals have exponent 0 and are below any floor.
    int floor = Math.max(top - WINDOW, 1);
    long sum = 0;
    long low = 0;
    long high = 0;
    for (int i = from; i < end; i += stride) {
      int value = bits[i];
      int above = ((value >>> 23) & 0xff) - floor;
      if (above < 0) {
        if (value << 1 != 0) {
          add(channel, value);
        }
        continue;
      }
      long significand = (value & 0x7fffff) | 0x800000;
      long sign = value >> 31;
      sum += ((significand << above) ^ sign) - sign;
      long square = significand * significand;
      low += (square & LOW_HALF) << (2 * above);
      high += (square >>> HALF) << (2 * above);
    }
    int base = channel * LIMBS;
    int shift = floor - 1;
    addWide(base, Math.abs(sum), shift, sum < 0);
    addWide(base + SUM_LIMBS, low, 2 * shift, false);
    addWide(base + SUM_LIMBS, high, 2 * shift + HALF, false);
  }

  /** Adds a number of at most 63 bits, shifted left, to the limbs that begin at an index. */
  private void addWide(int first, long number, int shift, boolean negative) {
    int at = first + (shift >>> 5);
    long low = (number & LOW) << (shift & 31);
    long high = (number >>> 32) << (shift & 31);
    long sign = negative ? -1 : 1;
    limbs[at] += sign * (low & LOW);
    limbs[at + 1] += sign * ((low >>> 32) + (high & LOW));
    limbs[at + 2] += sign * (high >>> 32);
  }

  private void add(int channel, int value) {
    int base = channel * LIMBS;
    int exponent = (value >>> 23) & 0xff;
    int fraction = value & 0x7fffff;
    if (exponent == 0xff) {
      others[channel]++;
      return;
    }
    // A subnormal has the exponent of the smallest normal float, and no hidden bit.
    long significand = exponent == 0 ? fraction : fraction | 0x800000;
    int shift = Math.max(exponent, 1) - 1;
    addValue(base + (shift >>> 5), significand << (shift & 31), value < 0);
    addSquare(base + SUM_LIMBS + (shift >>> 4), significand * significand, (2 * shift) & 31);
  }

  private void addValue(int at, long shifted, boolean negative) {
    if (negative) {
      limbs[at] -= shifted & LOW;
      limbs[at + 1] -= shifted >>> 32;
    } else {
      limbs[at] += shifted & LOW;
      limbs[at + 1] += shifted >>> 32;
    }
  }

  private void addSquare(int at, long square, int shift) {
    long low = (square & LOW) << shift;
    long high = (square >>> 32) << shift;
    limbs[at] += low & LOW;
    limbs[at + 1] += (low >>> 32) + (high & LOW);
    limbs[at + 2] += high >>> 32;
  }

  private void carry() {
    for (int channel = 0; channel < others.length; channel++) {
      carry(channel * LIMBS, SUM_LIMBS);
      carry(channel * LIMBS + SUM_LIMBS, SQUARE_LIMBS);
    }
  }

  private void carry(int first, int length) {
    for (int i = first; i < first + length - 1; i++) {
      limbs[i + 1] += limbs[i] >> 32;
      limbs[i] &= LOW;
    }
  }

  /** Returns the sums of a channel. */
  Moments moments(int channel) {
    return new Moments(
        perChannel - others[channel],
        others[channel],
        number(channel * LIMBS, SUM_LIMBS),
        number(channel * LIMBS + SUM_LIMBS, SQUARE_LIMBS));
  }

  private BigInteger number(int first, int length) {
    carry(first, length);
    // Two's complement, highest first: the last limb has 64 bits, the others 32.
    ByteBuffer bytes = ByteBuffer.allocate(Long.BYTES + (length - 1) * Integer.BYTES);
    bytes.putLong(limbs[first + length - 1]);
    for (int i = first + length - 2; i >= first; i--) {
      bytes.putInt((int) limbs[i]);
    }
    return new BigInteger(bytes.array());
  }
}
