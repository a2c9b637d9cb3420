package dev.tare.engine.recipe;

/** How a model stores a quantized tensor. */
public enum Format {
  /** As input of a DequantizeLinear; activations pass a QuantizeLinear before it. */
  QDQ,
  /** As an operand of MatMulInteger or ConvInteger, activations by DynamicQuantizeLinear. */
  DYNAMIC,
  /** Packed for ONNX Runtime's {@code com.microsoft.MatMulNBits}. */
  MATMUL_NBITS,
  /** Packed for ONNX Runtime's {@code com.microsoft.MatMulBnb4}. */
  MATMUL_BNB4,
  /** As codes by which a Gather takes numbers out of a table. */
  GATHER
}
