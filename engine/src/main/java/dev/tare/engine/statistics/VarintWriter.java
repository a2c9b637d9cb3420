package dev.tare.engine.statistics;

import java.util.Arrays;

/** Writes the primitives of the block encoding; not thread-safe. */
final class VarintWriter {

  private byte[] bytes = new byte[512];
  private int size;

  void octet(byte value) {
    reserve(1);
    bytes[size++] = value;
  }

  void int32(int value) {
    reserve(4);
    for (int shift = 0; shift < Integer.SIZE; shift += 8) {
      bytes[size++] = (byte) (value >>> shift);
    }
  }

  void bytes(byte[] values) {
    reserve(values.length);
    System.arraycopy(values, 0, bytes, size, values.length);
    size += values.length;
  }

  /** Writes a non-negative long. */
  void varint(long value) {
    reserve(9);
    long rest = value;
    while (rest > 0x7f) {
      bytes[size++] = (byte) (rest | 0x80);
      rest >>>= 7;
    }
    bytes[size++] = (byte) rest;
  }

  byte[] toByteArray() {
    return Arrays.copyOf(bytes, size);
  }

  private void reserve(int more) {
    if (bytes.length - size < more) {
      bytes = Arrays.copyOf(bytes, Math.max(Math.multiplyExact(bytes.length, 2), size + more));
    }
  }
}
