package dev.tare.engine.statistics;

import java.nio.ByteBuffer;

/** Reads the primitives of the block encoding from untrusted bytes; every failure is typed. */
final class VarintReader {

  private final ByteBuffer in;

  VarintReader(ByteBuffer littleEndian) {
    this.in = littleEndian;
  }

  int remaining() {
    return in.remaining();
  }

  byte octet(String what) {
    require(1, what);
    return in.get();
  }

  int int32(String what) {
    require(4, what);
    return in.getInt();
  }

  byte[] bytes(int length, String what) {
    require(length, what);
    byte[] bytes = new byte[length];
    in.get(bytes);
    return bytes;
  }

  int varint(int max, String what) {
    long value = varint(what);
    if (value > max) {
      throw invalid("%s %d is above %d".formatted(what, value, max));
    }
    return (int) value;
  }

  /** Reads a non-negative long: at most 9 bytes of 7 bits. */
  long varint(String what) {
    long value = 0;
    for (int shift = 0; shift < Long.SIZE - 1; shift += 7) {
      byte next = octet(what);
      value |= (next & 0x7fL) << shift;
      if (next >= 0) {
        if (next == 0 && shift > 0) {
          throw invalid(what + " is not in its shortest form");
        }
        return value;
      }
    }
    throw invalid(what + " has more than 63 bits");
  }

  private void require(int bytes, String what) {
    if (in.remaining() < bytes) {
      throw invalid("truncated at byte %d, in %s".formatted(in.position(), what));
    }
  }

  /** Checks that no bytes are left. */
  void requireEnd() {
    if (in.hasRemaining()) {
      throw invalid(in.remaining() + " bytes left over");
    }
  }

  static IllegalArgumentException invalid(String what) {
    return new IllegalArgumentException("Cannot decode statistics: " + what);
  }
}
