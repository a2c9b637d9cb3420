package dev.tare.engine.recipe;

/** How a model holds a quantized tensor. */
public enum Format {
  /** Behind a DequantizeLinear, activations through a QuantizeLinear too. */
  QDQ,
  /** As an operand of MatMulInteger or ConvInteger, activations by DynamicQuantizeLinear. */
  DYNAMIC,
  /** Packed for ONNX Runtime's {@code com.microsoft.MatMulNBits}. */
  MATMUL_NBITS
}
