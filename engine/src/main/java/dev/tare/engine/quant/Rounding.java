package dev.tare.engine.quant;

/**
 * How a value becomes a number of steps before it is rounded half to even: the two conventions
 * differ near ties.
 */
public enum Rounding {
  /**
   * {@code rint(x / scale)} with a float32 division: ONNX QuantizeLinear and ONNX Runtime. For
   * INT32 the division is in float64, as ONNX Runtime quantizes biases.
   */
  DIVISION,

  /**
   * {@code rint(x * (1f / scale))} with float32 reciprocal and product: PyTorch's {@code
   * quantize_per_tensor} and {@code fake_quantize} (aten/src/ATen/native/quantized). Of values on a
   * tie, about a tenth differ by one from {@link #DIVISION}.
   */
  RECIPROCAL
}
