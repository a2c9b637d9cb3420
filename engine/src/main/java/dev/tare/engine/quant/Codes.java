package dev.tare.engine.quant;

import dev.tare.engine.tensor.DType;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * Codes of quantized numbers in bytes: two codes of 4 bits share a byte, the first in the low half.
 */
final class Codes {

  private Codes() {}

  /**
   * Packs codes of a byte each in place; only their low halves count.
   *
   * @param count how many there are; if odd, the last high half becomes 0
   */
  static void packHalves(byte[] codes, int count) {
    int pairs = count / 2;
    for (int i = 0; i < pairs; i++) {
      codes[i] = (byte) ((codes[2 * i] & 0xf) | codes[2 * i + 1] << 4);
    }
    if (count % 2 != 0) {
      codes[pairs] = (byte) (codes[count - 1] & 0xf);
    }
  }

  /**
   * Reads codes, with their sign where the type has one.
   *
   * @param in advanced
   * @param bytes room for the bytes of the codes
   */
  static void read(ByteBuffer in, DType type, int count, byte[] bytes, int[] codes) {
    int length = (int) type.byteSize(count);
    in.get(bytes, 0, length);
    ByteBuffer wide = ByteBuffer.wrap(bytes, 0, length).order(ByteOrder.LITTLE_ENDIAN);
    switch (type) {
      case INT4 -> {
        for (int i = 0; i < count; i++) {
          codes[i] = bytes[i >> 1] << (i % 2 == 0 ? 28 : 24) >> 28;
        }
      }
      case UINT4 -> {
        for (int i = 0; i < count; i++) {
          codes[i] = bytes[i >> 1] >> (i % 2 == 0 ? 0 : 4) & 0xf;
        }
      }
      case INT8 -> {
        for (int i = 0; i < count; i++) {
          codes[i] = bytes[i];
        }
      }
      case UINT8, FLOAT8E4M3FN, FLOAT8E4M3FNUZ, FLOAT8E5M2, FLOAT8E5M2FNUZ -> {
        for (int i = 0; i < count; i++) {
          codes[i] = bytes[i] & 0xff;
        }
      }
      case INT16 -> {
        for (int i = 0; i < count; i++) {
          codes[i] = wide.getShort(2 * i);
        }
      }
      case UINT16, FLOAT16 -> {
        for (int i = 0; i < count; i++) {
          codes[i] = wide.getShort(2 * i) & 0xffff;
        }
      }
      case INT32 -> wide.asIntBuffer().get(codes, 0, count);
      default -> throw new IllegalArgumentException("Not a quantized type: " + type);
    }
  }
}
