package dev.tare.engine.checkpoint;

import dev.tare.engine.quant.Float8;
import dev.tare.engine.safetensors.ElementType;
import java.nio.ByteBuffer;

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
 *
 * <p>A scale of MXFP4 (utils/mxfp_utils.py) is {@code 2^(e - 2)} where {@code max |x|} is at least
 * {@code 2^e} and below {@code 1.75 * 2^e}, and twice that up to {@code 2^(e + 1)}: a quotient is
 * below 7 and becomes at most 6. What is stored is the exponent and 127, at least 0.
 *
 * <p>A scale of NVFP4 (utils/helpers.py) is {@code s / t} with {@code s} the float8 nearest to
 * {@code t * max |x| / 6}, 0.125 where that is 0, and {@code t = 448 * 6 * (1 / m)} the tensor's
 * scale, 1 where that is infinite; {@code m} is the largest magnitude of all that share it.
 */
final class GroupQuantizer {

  private static final float ROUNDER = 0x1.8p23f;
  private static final int MANTISSA_BITS = 23;
  private static final int EXPONENT_BIAS = 127;
  private static final float LEAST_FLOAT8_SCALE = 0.125f;

  /** Added to the bits of a number from 1.75 times a power of two on, it gives the next power. */
  private static final int QUARTER = 1 << (MANTISSA_BITS - 2);

  private final WeightScheme scheme;
  private final ElementType stored;
  private final Float8 float8;
  private final boolean float4;
  private final float tensorScale;
  private final float qmin;
  private final float qmax;
  private float scale;
  private float zero;
  private int scaleCode;
  private float[] importance = new float[0];

  /**
   * @param tensorScale of NVFP4; else not used
   */
  GroupQuantizer(WeightScheme scheme, ElementType stored, float tensorScale) {
    this.scheme = scheme;
    this.stored = stored;
    this.float8 = scheme.type() == WeightType.FLOAT8E4M3FN ? Float8.E4M3FN : null;
    this.float4 = scheme.type() == WeightType.MXFP4 || scheme.type() == WeightType.NVFP4;
    this.tensorScale = tensorScale;
    this.qmin = scheme.type().qmin();
    this.qmax = scheme.type().qmax();
  }

  /**
   * Says by what a squared error of each column counts in the search for a range.
   *
   * @param columns one for each column, not negative; empty where all count the same
   */
  void weigh(float[] columns) {
    importance = columns;
  }

  /** The scale of a tensor by which its groups' scales use all of float8. */
  static float tensorScale(float largest) {
    float exact = Float8.E4M3FN.maxFinite() * WeightType.NVFP4.qmax();
    // PyTorch divides a number by a tensor in two steps, each rounded.
    float scale = exact * (1 / Math.max(largest, Float.MIN_NORMAL));
    return Float.isInfinite(scale) ? 1 : scale;
  }

  /** Writes the scale as it is stored: a number of the weight's type, an exponent, or a float8. */
  void putScale(ByteBuffer out) {
    if (float4) {
      out.put((byte) scaleCode);
    } else {
      StoredFloats.put(stored, scale, out);
    }
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
    return fit(values, from, to, 0);
  }

  /**
   * The same for values of some columns.
   *
   * @param column of the first value
   */
  boolean fit(float[] values, int from, int to, int column) {
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
      search(values, from, to, column, low, high, scheme.gridSteps().getAsInt());
    }
    return true;
  }

  private void over(float low, float high) {
    if (scheme.type() == WeightType.MXFP4) {
      int rounded = Float.floatToRawIntBits(Math.max(-low, high)) + QUARTER;
      scaleCode = Math.max(0, (rounded >>> MANTISSA_BITS) - 2);
      scale = Math.scalb(1f, scaleCode - EXPONENT_BIAS);
    } else if (scheme.type() == WeightType.NVFP4) {
      float exact = tensorScale * (Math.max(-low, high) / qmax);
      scaleCode = Float8.E4M3FN.encode(exact);
      scaleCode = scaleCode == 0 ? Float8.E4M3FN.encode(LEAST_FLOAT8_SCALE) : scaleCode;
      scale = Float8.E4M3FN.decode(scaleCode) / tensorScale;
    } else if (scheme.symmetric()) {
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

  private void search(
      float[] values, int from, int to, int column, float low, float high, int steps) {
    int best = steps;
    double least = error(values, from, to, column);
    for (int k = steps - 1; 2 * k >= steps; k--) {
      float fraction = (float) k / steps;
      over(low * fraction, high * fraction);
      double error = error(values, from, to, column);
      if (error < least) {
        least = error;
        best = k;
      }
    }
    float fraction = (float) best / steps;
    over(low * fraction, high * fraction);
  }

  private double error(float[] values, int from, int to, int column) {
    return importance.length == 0
        ? error(values, from, to)
        : weighted(values, from, to, column - from);
  }

  /** Sum of squared errors, each times the importance of its column. */
  private double weighted(float[] values, int from, int to, int shift) {
    double sum = 0;
    for (int i = from; i < to; i++) {
      float error = values[i] - real(code(values[i]));
      sum += (double) error * error * importance[i + shift];
    }
    return sum;
  }

  /** Sum of squared errors, in the order of the values. */
  double error(float[] values, int from, int to) {
    double sum = 0;
    if (!scheme.type().isInteger()) {
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

  /** The code of a value: an integer in [qmin, qmax], or the bits of a float8 or float4. */
  int code(float value) {
    float steps = clamped(value / scale + zero);
    if (float4) {
      return Float4.encode(steps);
    }
    return float8 == null ? (int) rounded(steps) : float8.encode(steps);
  }

  /** The value that a code stands for. */
  float real(int code) {
    if (float4) {
      return Float4.decode(code) * scale;
    }
    return (float8 == null ? code - zero : float8.decode(code)) * scale;
  }

  private float clamped(float value) {
    return Math.max(qmin, Math.min(qmax, value));
  }
}
