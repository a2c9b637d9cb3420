package dev.tare.engine.tflite;

import dev.tare.engine.tensor.DType;
import java.util.Map;
import java.util.Optional;
import org.tensorflow.lite.schema.TensorType;

/** Types of elements as the format numbers them. */
public final class LiteTypes {

  private static final Map<Byte, DType> TYPES =
      Map.of(
          TensorType.FLOAT32, DType.FLOAT32,
          TensorType.FLOAT16, DType.FLOAT16,
          TensorType.FLOAT64, DType.FLOAT64,
          TensorType.INT8, DType.INT8,
          TensorType.UINT8, DType.UINT8,
          TensorType.INT16, DType.INT16,
          TensorType.INT32, DType.INT32,
          TensorType.INT64, DType.INT64,
          TensorType.BOOL, DType.BOOL);

  private LiteTypes() {}

  /** The type of a number; empty for texts, complex numbers and handles. */
  public static Optional<DType> of(byte type) {
    return Optional.ofNullable(TYPES.get(type));
  }

  /**
   * The number of a type.
   *
   * @throws IllegalArgumentException if the format has no such type
   */
  public static byte of(DType dtype) {
    return TYPES.entrySet().stream()
        .filter(entry -> entry.getValue() == dtype)
        .findFirst()
        .orElseThrow(() -> new IllegalArgumentException("TensorFlow Lite has no type " + dtype))
        .getKey();
  }

  static String name(byte type) {
    boolean known = type >= 0 && type < TensorType.names.length;
    return known ? TensorType.name(type) : "number " + type;
  }
}
