package dev.tare.engine.checkpoint;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * Zero points of a weight, one for each group of each row. Not thread-safe.
 *
 * <p>They are packed as {@code zero - qmin} along the rows, each column of groups in words of its
 * own: word w of column g has the rows from {@code 32 / bits * w} on, from its low bits up.
 */
final class ZeroPoints {

  private final WeightScheme scheme;
  private final int groups;
  private final byte[] values;

  ZeroPoints(WeightScheme scheme, int rows, int groups) {
    this.scheme = scheme;
    this.groups = groups;
    this.values = new byte[scheme.symmetric() ? 0 : rows * groups];
  }

  void put(int row, int group, int zero) {
    if (!scheme.symmetric()) {
      values[row * groups + group] = (byte) zero;
    }
  }

  /** Packed, little-endian, [words, groups]. */
  byte[] packed() {
    int rows = values.length / groups;
    int bits = scheme.bits();
    int perWord = Integer.SIZE / bits;
    long words = WeightEncoder.words(rows, bits);
    ByteBuffer packed =
        ByteBuffer.allocate(Math.toIntExact(words * groups * Integer.BYTES))
            .order(ByteOrder.LITTLE_ENDIAN);
    for (int w = 0; w < words; w++) {
      for (int g = 0; g < groups; g++) {
        int word = 0;
        for (int i = 0; i < perWord && w * perWord + i < rows; i++) {
          int zero = values[(w * perWord + i) * groups + g] - scheme.type().qmin();
          word |= zero << (i * bits);
        }
        packed.putInt(word);
      }
    }
    return packed.array();
  }
}
