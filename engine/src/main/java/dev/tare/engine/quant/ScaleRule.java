package dev.tare.engine.quant;

/**
 * How an interval becomes scale and zero point: the integers to map it onto, and whether the zero
 * point is forced to their middle.
 *
 * <p>The arithmetic is that of ONNX Runtime's {@code compute_scale_zp} (onnxruntime/python/tools/
 * quantization/quant_utils.py), step by step: the width of the interval is a float32 subtraction,
 * the scale a float64 division, the zero point {@code rint(qmin - low / scale)} with that unrounded
 * scale, and only then is the scale rounded to float32. A scale below the smallest normal float
 * (all values zero) becomes 1 with zero point 0. A width that overflows float32 is computed in
 * float64, where ONNX Runtime yields an infinite scale.
 *
 * <p>The limits are our choice ({@link Limits}), because the peers differ: ONNX Runtime narrows
 * every symmetric signed type of 8 and more bits and no other ({@link #onnxRuntime}). A symmetric
 * full signed range divides by 127.5 as PyTorch does, so its upper end rounds to 127.5 steps and
 * loses half a step; a narrow one divides by 127 and loses nothing.
 *
 * <p>For a floating-point type of 8 bits, always symmetric, this is {@code max |x| / max finite};
 * for a table {@code max |x|}; for FLOAT16 the scale is always 1.
 *
 * @param type type of the integers, or a floating-point one
 * @param symmetric whether the zero point is the middle of the limits
 * @param limits the integers that the interval is mapped onto
 * @param powerOfTwo whether the scale is rounded up to a power of two, so that multiplying by it is
 *     a shift; the zero point is that of the rounded one
 */
public record ScaleRule(QuantType type, boolean symmetric, Limits limits, boolean powerOfTwo) {

  /** Half of it is rounded to 0. */
  private static final double SMALLEST_HALF = 0x1p-24;

  /** Creates a rule for scales of any value. */
  public ScaleRule(QuantType type, boolean symmetric, Limits limits) {
    this(type, symmetric, limits, false);
  }

  /**
   * Checks that the integers are the type's.
   *
   * @throws IllegalArgumentException if the limits exceed the type's, or a floating-point type has
   *     other limits or is asymmetric
   */
  public ScaleRule {
    if (limits.qmin() < type.qmin() || limits.qmax() > type.qmax()) {
      throw new IllegalArgumentException(
          "Invalid limits of %s: %d..%d, must lie in %d..%d"
              .formatted(type, limits.qmin(), limits.qmax(), type.qmin(), type.qmax()));
    }
    if (!type.isInteger() && !symmetric) {
      throw new IllegalArgumentException(
          "Cannot scale " + type + " asymmetrically: its zero point is 0");
    }
    if (!type.isInteger() && !limits.equals(Limits.of(type))) {
      throw new IllegalArgumentException(
          "Invalid limits of %s: %d..%d, must be %d..%d"
              .formatted(type, limits.qmin(), limits.qmax(), type.qmin(), type.qmax()));
    }
  }

  /**
   * The rule for our limits.
   *
   * @throws IllegalArgumentException if a reduced range is requested for a type other than 8-bit
   *     integers, or asymmetry for a floating-point type
   */
  public static ScaleRule of(
      QuantType type, boolean symmetric, boolean narrowRange, boolean reduceRange) {
    return new ScaleRule(type, symmetric, Limits.of(type, narrowRange, reduceRange));
  }

  /** The same rule with scales that are powers of two. */
  public ScaleRule inPowersOfTwo() {
    return new ScaleRule(type, symmetric, limits, true);
  }

  /**
   * The least power of two that is not below a scale; 2^127 for those above it.
   *
   * @param scale at least 2^-126
   */
  public static double powerOfTwo(double scale) {
    int exponent = Math.getExponent(scale);
    double power = Math.scalb(1d, exponent);
    return Math.min(power < scale ? 2 * power : power, 0x1p127);
  }

  /**
   * The rule with ONNX Runtime's limits: narrow where symmetric, signed and of at least 8 bits,
   * full elsewhere.
   *
   * @throws IllegalArgumentException as {@link #of} does
   */
  public static ScaleRule onnxRuntime(QuantType type, boolean symmetric, boolean reduceRange) {
    boolean narrow = symmetric && type.signed() && type.dtype().bits() >= 8;
    return of(type, symmetric, narrow, reduceRange);
  }

  /**
   * Scale and zero point for the interval between two ends, widened to contain 0.
   *
   * @throws IllegalArgumentException if an end is not finite
   */
  public QuantParams params(float low, float high) {
    if (!Float.isFinite(low) || !Float.isFinite(high)) {
      throw new IllegalArgumentException(
          "Cannot scale the interval [" + low + ", " + high + "]: not finite");
    }
    if (type == QuantType.FLOAT16) {
      return new QuantParams(type, 1f, 0);
    }
    float rmin = Math.min(low, 0f);
    float rmax = Math.max(high, 0f);
    if (symmetric) {
      rmax = Math.max(-rmin, rmax);
      rmin = -rmax;
    }
    float rounded = rmax - rmin;
    double width = Float.isInfinite(rounded) ? (double) rmax - rmin : rounded;
    double steps = limits.levels() - 1d;
    double scale = width / steps;
    if (scale < Float.MIN_NORMAL) {
      return new QuantParams(type, 1f, 0);
    }
    scale = powerOfTwo ? powerOfTwo(scale) : scale;
    int qmin = limits.qmin();
    int qmax = limits.qmax();
    double zero = Math.rint(symmetric ? (qmin + (double) qmax) / 2 : qmin - rmin / scale);
    return new QuantParams(type, (float) scale, (int) Math.max(qmin, Math.min(qmax, zero)));
  }

  /**
   * Whether an interval wider than zero is too small for a scale, so that {@link #params} would map
   * all of its values to zero.
   */
  public boolean underflows(float low, float high) {
    float rmin = Math.min(low, 0f);
    float rmax = Math.max(high, 0f);
    double width = symmetric ? 2d * Math.max(-rmin, rmax) : (double) rmax - rmin;
    if (type == QuantType.FLOAT16) {
      return width > 0 && width <= SMALLEST_HALF;
    }
    return width > 0 && width / (limits.levels() - 1d) < Float.MIN_NORMAL;
  }
}
