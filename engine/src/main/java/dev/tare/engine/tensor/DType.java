package dev.tare.engine.tensor;

/**
 * Element type of a tensor, with the code that {@code onnx.TensorProto.DataType} gives it.
 *
 * <p>Only fixed-width types: a string tensor has no dense form here. Two elements of 4 bits share a
 * byte, the first in the low half; the high half after a last odd one is 0.
 */
public enum DType {
  FLOAT32(1, 32),
  UINT8(2, 8),
  INT8(3, 8),
  UINT16(4, 16),
  INT16(5, 16),
  INT32(6, 32),
  INT64(7, 64),
  BOOL(9, 8),
  FLOAT16(10, 16),
  FLOAT64(11, 64),
  UINT32(12, 32),
  UINT64(13, 64),
  BFLOAT16(16, 16),
  FLOAT8E4M3FN(17, 8),
  FLOAT8E4M3FNUZ(18, 8),
  FLOAT8E5M2(19, 8),
  FLOAT8E5M2FNUZ(20, 8),
  UINT4(21, 4),
  INT4(22, 4);

  private final int onnxCode;
  private final int bits;

  DType(int onnxCode, int bits) {
    this.onnxCode = onnxCode;
    this.bits = bits;
  }

  /** The value of {@code TensorProto.data_type}. */
  public int onnxCode() {
    return onnxCode;
  }

  /** Bits per element: 4 or whole bytes. */
  public int bits() {
    return bits;
  }

  /**
   * Bytes per element.
   *
   * @throws IllegalStateException if an element has 4 bits
   */
  public int bytes() {
    if (bits < 8) {
      throw new IllegalStateException("An element of " + this + " is no whole byte");
    }
    return bits / 8;
  }

  /**
   * Returns the bytes of a number of elements, rounded up to a whole byte.
   *
   * @throws ArithmeticException if the result overflows a long
   */
  public long byteSize(long elements) {
    return bits < 8 ? elements / 2 + elements % 2 : Math.multiplyExact(elements, (long) bits / 8);
  }

  /** Whether values are real numbers that calibration can observe as float32. */
  public boolean isFloat() {
    return this == FLOAT32 || this == FLOAT64 || this == FLOAT16 || this == BFLOAT16;
  }

  /**
   * Returns the type of an ONNX code.
   *
   * @throws IllegalArgumentException if the code is not one of the types above
   */
  public static DType ofOnnxCode(int code) {
    for (DType type : values()) {
      if (type.onnxCode == code) {
        return type;
      }
    }
    throw new IllegalArgumentException("Unsupported ONNX element type: " + code);
  }
}
