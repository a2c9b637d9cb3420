package dev.tare.jobs.input;

import dev.tare.engine.tensor.DType;
import dev.tare.engine.tensor.Tensor;
import java.nio.ByteBuffer;

/**
 * Single values of tensors: writes them without loss, and refuses those that no model should read.
 */
final class Values {

  private Values() {}

  /** Appends a value that {@link ColumnType.Element#fits} admitted. */
  static void put(InputSpec spec, Object value, ByteBuffer out) throws BadRowException {
    DType dtype = spec.dtype();
    switch (dtype) {
      case FLOAT32 -> out.putFloat((Float) value);
      case FLOAT64 -> out.putDouble(((Number) value).doubleValue());
      case BOOL -> out.put((byte) ((Boolean) value ? 1 : 0));
      default -> {
        long number = ((Number) value).longValue();
        if (number < lowest(dtype) || number > highest(dtype)) {
          throw new BadRowException(
              Reason.RANGE,
              "input '%s' contains %d, which exceeds %s".formatted(spec.name(), number, dtype));
        }
        putInteger(dtype, number, out);
      }
    }
  }

  private static void putInteger(DType dtype, long number, ByteBuffer out) {
    switch (dtype.bytes()) {
      case 1 -> out.put((byte) number);
      case 2 -> out.putShort((short) number);
      case 4 -> out.putInt((int) number);
      default -> out.putLong(number);
    }
  }

  private static long lowest(DType dtype) {
    return switch (dtype) {
      case INT8 -> Byte.MIN_VALUE;
      case INT16 -> Short.MIN_VALUE;
      case INT32 -> Integer.MIN_VALUE;
      case INT64 -> Long.MIN_VALUE;
      default -> 0;
    };
  }

  private static long highest(DType dtype) {
    return switch (dtype) {
      case INT8 -> Byte.MAX_VALUE;
      case UINT8 -> 0xFFL;
      case INT16 -> Short.MAX_VALUE;
      case UINT16 -> 0xFFFFL;
      case INT32 -> Integer.MAX_VALUE;
      case UINT32 -> 0xFFFF_FFFFL;
      default -> Long.MAX_VALUE;
    };
  }

  /** An integer or boolean element; unsigned 64-bit values above 2^63 come out negative. */
  static long integerAt(Tensor tensor, ByteBuffer bytes, int index) {
    return switch (tensor.dtype()) {
      case INT8 -> bytes.get(index);
      case UINT8, BOOL -> bytes.get(index) & 0xFFL;
      case INT16 -> bytes.getShort(2 * index);
      case UINT16 -> bytes.getShort(2 * index) & 0xFFFFL;
      case INT32 -> bytes.getInt(4 * index);
      case UINT32 -> bytes.getInt(4 * index) & 0xFFFF_FFFFL;
      case INT64, UINT64 -> bytes.getLong(8 * index);
      default -> throw new IllegalArgumentException("Not an integer type: " + tensor.dtype());
    };
  }

  /**
   * @throws BadRowException if a float tensor has NaN or an infinity
   */
  static void requireFinite(String name, Tensor tensor) throws BadRowException {
    if (!tensor.dtype().isFloat()) {
      return;
    }
    ByteBuffer bytes = tensor.bytes();
    int count = Math.toIntExact(tensor.shape().size());
    for (int i = 0; i < count; i++) {
      boolean nan = isNan(tensor.dtype(), bytes, i);
      if (nan || isInfinite(tensor.dtype(), bytes, i)) {
        throw new BadRowException(
            nan ? Reason.NAN_IN_INPUT : Reason.INFINITY_IN_INPUT,
            "input '%s' contains %s at element %d".formatted(name, nan ? "NaN" : "infinity", i));
      }
    }
  }

  private static boolean isNan(DType dtype, ByteBuffer bytes, int i) {
    return switch (dtype) {
      case FLOAT32 -> Float.isNaN(bytes.getFloat(4 * i));
      case FLOAT64 -> Double.isNaN(bytes.getDouble(8 * i));
      case FLOAT16 -> (bytes.getShort(2 * i) & 0x7FFF) > 0x7C00;
      default -> (bytes.getShort(2 * i) & 0x7FFF) > 0x7F80;
    };
  }

  private static boolean isInfinite(DType dtype, ByteBuffer bytes, int i) {
    return switch (dtype) {
      case FLOAT32 -> Float.isInfinite(bytes.getFloat(4 * i));
      case FLOAT64 -> Double.isInfinite(bytes.getDouble(8 * i));
      case FLOAT16 -> (bytes.getShort(2 * i) & 0x7FFF) == 0x7C00;
      default -> (bytes.getShort(2 * i) & 0x7FFF) == 0x7F80;
    };
  }

  /**
   * @throws BadRowException if an element is outside [0, vocabulary size)
   */
  static void requireTokenIds(String name, Tensor tensor, long vocabularySize)
      throws BadRowException {
    ByteBuffer bytes = tensor.bytes();
    int count = Math.toIntExact(tensor.shape().size());
    for (int i = 0; i < count; i++) {
      long id = integerAt(tensor, bytes, i);
      if (id < 0 || id >= vocabularySize) {
        throw new BadRowException(
            Reason.TOKEN_ID,
            "input '%s' contains token id %d but the model's vocabulary has %d rows"
                .formatted(name, id, vocabularySize));
      }
    }
  }
}
