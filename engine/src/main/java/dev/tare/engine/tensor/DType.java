package dev.tare.engine.tensor;

/**
 * Element type of a tensor, with the code that {@code onnx.TensorProto.DataType} gives it.
 *
 * <p>Only fixed-width types of whole bytes: a string tensor has no dense form here.
 */
public enum DType {
  FLOAT32(1, 4),
  UINT8(2, 1),
  INT8(3, 1),
  UINT16(4, 2),
  INT16(5, 2),
  INT32(6, 4),
  INT64(7, 8),
  BOOL(9, 1),
  FLOAT16(10, 2),
  FLOAT64(11, 8),
  UINT32(12, 4),
  UINT64(13, 8),
  BFLOAT16(16, 2);

  private final int onnxCode;
  private final int bytes;

  DType(int onnxCode, int bytes) {
    this.onnxCode = onnxCode;
    this.bytes = bytes;
  }

  /** The value of {@code TensorProto.data_type}. */
  public int onnxCode() {
    return onnxCode;
  }

  /** Bytes per element. */
  public int bytes() {
    return bytes;
  }

  /** Whether values are real numbers that calibration can observe as float32. */
  public boolean isFloat() {
    return this == FLOAT32 || this == FLOAT64 || this == FLOAT16 || this == BFLOAT16;
  }

  /**
   * The type behind an ONNX code.
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
