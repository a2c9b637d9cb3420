package dev.tare.engine.checkpoint;

import dev.tare.engine.safetensors.ElementType;
import dev.tare.engine.tensor.HalfFloats;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.ShortBuffer;

/** Numbers of F32, F16 and BF16 as float32, and back to the nearest, half to even. */
final class StoredFloats {

  private StoredFloats() {}

  /** Decodes as many little-endian numbers as the bytes have. */
  static void decode(ElementType type, byte[] bytes, int length, float[] values) {
    ByteBuffer in = ByteBuffer.wrap(bytes, 0, length).order(ByteOrder.LITTLE_ENDIAN);
    if (type == ElementType.F32) {
      in.asFloatBuffer().get(values, 0, length / 4);
      return;
    }
    ShortBuffer halves = in.asShortBuffer();
    int n = length / 2;
    if (type == ElementType.BF16) {
      for (int i = 0; i < n; i++) {
        values[i] = Float.intBitsToFloat(halves.get(i) << 16);
      }
    } else {
      for (int i = 0; i < n; i++) {
        values[i] = HalfFloats.ofFloat16(halves.get(i));
      }
    }
  }

  /** The nearest number of a type. */
  static float rounded(ElementType type, float value) {
    return switch (type) {
      case F32 -> value;
      case BF16 -> Float.intBitsToFloat(HalfFloats.toBfloat16(value) << 16);
      case F16 -> HalfFloats.ofFloat16(HalfFloats.toFloat16(value));
      default -> throw new IllegalArgumentException("No type of weights: " + type);
    };
  }

  /** Writes a number that the type has. */
  static void put(ElementType type, float value, ByteBuffer out) {
    switch (type) {
      case F32 -> out.putFloat(value);
      case BF16 -> out.putShort(HalfFloats.toBfloat16(value));
      case F16 -> out.putShort(HalfFloats.toFloat16(value));
      default -> throw new IllegalArgumentException("No type of weights: " + type);
    }
  }

  /** The difference between 1 and the next number: PyTorch's {@code finfo.eps}. */
  static float epsilon(ElementType type) {
    return switch (type) {
      case F32 -> 0x1p-23f;
      case BF16 -> 0x1p-7f;
      case F16 -> 0x1p-10f;
      default -> throw new IllegalArgumentException("No type of weights: " + type);
    };
  }
}
