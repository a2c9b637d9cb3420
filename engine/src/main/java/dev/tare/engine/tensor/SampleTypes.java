package dev.tare.engine.tensor;

import java.util.Collections;
import java.util.EnumMap;
import java.util.Map;

/**
 * The numbers of element types in the encoding of a {@link Sample}.
 *
 * <p>Frozen: they go into the hash that is a sample's identity, so another number for a type would
 * put rows on the other side of the split and choose other ones by {@code --samples}. They are
 * those that {@code onnx.TensorProto.DataType} had when the encoding was made, and stay what they
 * are whatever a model's format does. A type that is new takes a number that none here has.
 */
final class SampleTypes {

  private static final Map<DType, Integer> CODES = codes();

  private SampleTypes() {}

  private static Map<DType, Integer> codes() {
    Map<DType, Integer> codes = new EnumMap<>(DType.class);
    codes.put(DType.FLOAT32, 1);
    codes.put(DType.UINT8, 2);
    codes.put(DType.INT8, 3);
    codes.put(DType.UINT16, 4);
    codes.put(DType.INT16, 5);
    codes.put(DType.INT32, 6);
    codes.put(DType.INT64, 7);
    codes.put(DType.BOOL, 9);
    codes.put(DType.FLOAT16, 10);
    codes.put(DType.FLOAT64, 11);
    codes.put(DType.UINT32, 12);
    codes.put(DType.UINT64, 13);
    codes.put(DType.BFLOAT16, 16);
    codes.put(DType.FLOAT8E4M3FN, 17);
    codes.put(DType.FLOAT8E4M3FNUZ, 18);
    codes.put(DType.FLOAT8E5M2, 19);
    codes.put(DType.FLOAT8E5M2FNUZ, 20);
    codes.put(DType.UINT4, 21);
    codes.put(DType.INT4, 22);
    return Collections.unmodifiableMap(codes);
  }

  /** The number of a type. */
  static int code(DType type) {
    return CODES.get(type);
  }

  /**
   * The type of a number.
   *
   * @throws IllegalArgumentException if none has it
   */
  static DType of(int code) {
    for (Map.Entry<DType, Integer> entry : CODES.entrySet()) {
      if (entry.getValue() == code) {
        return entry.getKey();
      }
    }
    throw new IllegalArgumentException("Unsupported ONNX element type: " + code);
  }
}
