package dev.tare.engine.quant;

import dev.tare.engine.tensor.Tensor;
import java.nio.FloatBuffer;

/**
 * Scale and zero point that a runtime computes for an activation at run time, as ONNX
 * DynamicQuantizeLinear does: UINT8, asymmetric.
 *
 * <p>All in float32: {@code scale = (max(0, high) - min(0, low)) / 255} and {@code zeroPoint =
 * rint(saturate(0 - min(0, low) / scale))}, half to even. {@link ScaleRule} differs: it divides in
 * float64. If every value is 0, or the scale underflows to 0, the scale is 1 and the zero point 0,
 * as in ONNX Runtime (onnxruntime/core/util/qmath.h, GetQuantizationParameter).
 */
public final class DynamicQuantization {

  private DynamicQuantization() {}

  /**
   * Computes the parameters of a FLOAT32 tensor.
   *
   * @throws IllegalArgumentException if a value is NaN or infinite, or the width exceeds float32
   * @throws IllegalStateException if the tensor is not FLOAT32
   */
  public static QuantParams params(Tensor x) {
    float low = 0;
    float high = 0;
    FloatBuffer values = x.floats();
    while (values.hasRemaining()) {
      float value = values.get();
      low = Math.min(low, value);
      high = Math.max(high, value);
    }
    return params(low, high);
  }

  /**
   * Computes the parameters of values in [low, high].
   *
   * @throws IllegalArgumentException if an end is NaN or infinite, or the width exceeds float32
   */
  public static QuantParams params(float low, float high) {
    float rmin = Math.min(0f, low);
    float rmax = Math.max(0f, high);
    float width = rmax - rmin;
    if (!Float.isFinite(width)) {
      throw new IllegalArgumentException(
          "Cannot scale the interval [" + low + ", " + high + "]: its width is " + width);
    }
    int qmax = QuantType.UINT8.qmax();
    float scale = width / qmax;
    if (scale == 0) {
      return new QuantParams(QuantType.UINT8, 1f, 0);
    }
    float zero = Math.max(0f, Math.min(qmax, 0f - rmin / scale));
    return new QuantParams(QuantType.UINT8, scale, (int) Math.rint(zero));
  }
}
