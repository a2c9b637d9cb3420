package dev.tare.engine.checkpoint;

import dev.tare.engine.quant.Float8;
import dev.tare.engine.safetensors.ElementType;

/**
 * Finds scale and zero point of one group of values, and quantizes it. Not thread-safe.
 *
 * <p>The arithmetic is that of compressed-tensors' {@code calculate_qparams} and {@code quantize}
 * (compressed_tensors/quantization/utils/helpers.py, lifecycle/forward.py), in float32: {@code
 * scale = max |x| / ((qmax - qmin) / 2)}, or {@code (high - low) / (qmax - qmin)} over an interval
 * that contains 0, rounded to the type of the weight, in which it is stored, and the type's epsilon
 * where that is 0; {@code zero = rint(clamp(qmin - low / scale))}; {@code q = rint(clamp(x / scale
 * + zero))}. That library rounds each step to the type of the weight: with BF16 a quotient above 64
 * is rounded to halves before it is rounded to an integer, so some of its codes are one off.
 */
final class GroupQuantizer {

  private static final float ROUNDER = 0x1.8p23f;

  private final WeightScheme scheme;
  private final ElementType stored;
  private final Float8 float8;
  private final float qmin;
  private final float qmax;
  private float scale;
  private float zero;

  GroupQuantizer(WeightScheme scheme, ElementType stored) {
    this.scheme = scheme;
    this.stored = stored;
    this.float8 = scheme.type().float8().orElse(null);
    this.qmin = scheme.type().qmin();
    this.qmax = scheme.type().qmax();
  }

  /** Positive; a number that the type of the weight has. */
  float scale() {
    return scale;
  }

  int zeroPoint() {
    return (int) zero;
  }

  /**
   * Finds scale and zero point.
   *
   * @return whether all values are finite; if not, there is no scale
   */
  boolean fit(float[] values, int from, int to) {
    float low = 0;
    float high = 0;
    for (int i = from; i < to; i++) {
      low = Math.min(low, values[i]);
      high = Math.max(high, values[i]);
    }
    if (!Float.isFinite(low) || !Float.isFinite(high)) {
      return false;
    }
    over(low, high);
    if (scheme.gridSteps().isPresent()) {
      search(values, from, to, low, high, scheme.gridSteps().getAsInt());
    }
    return true;
  }

  private void over(float low, float high) {
    if (scheme.symmetric()) {
      scale = usable(Math.max(-low, high) / ((qmax - qmin) / 2));
      zero = 0;
    } else {
      float width = high - low;
      float steps = qmax - qmin;
      // The width may exceed float32 where the ends do not.
      scale =
          usable(Float.isInfinite(width) ? (float) (((double) high - low) / steps) : width / steps);
      zero = rounded(clamped(qmin - low / scale));
    }
  }

  private float usable(float exact) {
    float rounded = StoredFloats.rounded(stored, exact);
    return rounded == 0 ? StoredFloats.epsilon(stored) : rounded;
  }

  private void search(float[] values, int from, int to, float low, float high, int steps) {
    float bestScale = scale;
    float bestZero = zero;
    double least = error(values, from, to);
    for (int k = steps - 1; 2 * k >= steps; k--) {
      float fraction = (float) k / steps;
      over(low * fraction, high * fraction);
      double error = error(values, from, to);
      if (error < least) {
        least = error;
        bestScale = scale;
        bestZero = zero;
      }
    }
    scale = bestScale;
    zero = bestZero;
  }

  /** Sum of squared errors, in the order of the values. */
  double error(float[] values, int from, int to) {
    double sum = 0;
    if (float8 != null) {
      for (int i = from; i < to; i++) {
        float error = values[i] - real(code(values[i]));
        sum += (double) error * error;
      }
      return sum;
    }
    float s = scale;
    float z = zero;
    float low = qmin;
    float high = qmax;
    for (int i = from; i < to; i++) {
      float steps = Math.max(low, Math.min(high, values[i] / s + z));
      float error = values[i] - (rounded(steps) - z) * s;
      sum += (double) error * error;
    }
    return sum;
  }

  /** Half to even, of numbers below 2^22: a sum that has no bits left for fractions. */
  private static float rounded(float steps) {
    return (steps + ROUNDER) - ROUNDER;
  }

  /** The code of a value: an integer in [qmin, qmax], or the bits of a float8. */
  int code(float value) {
    float steps = clamped(value / scale + zero);
    return float8 == null ? (int) rounded(steps) : float8.encode(steps);
  }

  /** The value that a code stands for. */
  float real(int code) {
    return (float8 == null ? code - zero : float8.decode(code)) * scale;
  }

  private float clamped(float value) {
    return Math.max(qmin, Math.min(qmax, value));
  }
}
