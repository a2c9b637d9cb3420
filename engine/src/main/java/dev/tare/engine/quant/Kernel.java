package dev.tare.engine.quant;

import java.util.List;

/**
 * The arithmetic of one type, over indices [from, to) of arrays: all with one parameter, or, in a
 * kernel of neighbouring parameters, index {@code from + i} with parameter {@code param + i}.
 * Arrays are at most a chunk of {@link ParamRuns} long. Not thread-safe; confined to one call.
 */
interface Kernel {

  /**
   * Turns a run of real numbers into the codes of integers, with one scale and zero point.
   *
   * @param values what to quantize; overwritten: only NaN stays recognizable
   * @param codes little-endian, at the index times the bytes of a code; a code of 4 bits uses a
   *     whole byte
   * @return false if a value is NaN and NaN has no code
   */
  boolean quantize(float[] values, int param, int from, int to, byte[] codes);

  /** Quantizes and dequantizes in place; returns as {@link #quantize} does. */
  boolean fake(float[] values, int param, int from, int to);

  /** Dequantizes codes, each a sign-extended int. */
  void real(int[] codes, int param, int from, int to, float[] out);

  /**
   * Creates the kernel of parameters of one type.
   *
   * @param neighbours whether neighbouring values have neighbouring parameters
   * @throws IllegalArgumentException if types differ, limits are given for a floating-point type,
   *     or the rounding needs the reciprocal of a scale and it is not finite
   */
  static Kernel of(List<QuantParams> params, Limits limits, Rounding rounding, boolean neighbours) {
    QuantType type = params.get(0).type();
    for (QuantParams each : params) {
      if (each.type() != type) {
        throw new IllegalArgumentException(
            "Cannot quantize channels to different types: %s vs %s".formatted(type, each.type()));
      }
    }
    if (limits.qmin() < type.qmin() || limits.qmax() > type.qmax()) {
      throw new IllegalArgumentException(
          "Cannot limit %s to %d..%d: it has %d..%d"
              .formatted(type, limits.qmin(), limits.qmax(), type.qmin(), type.qmax()));
    }
    Steps steps = Steps.of(params, rounding, neighbours);
    if (type == QuantType.INT32) {
      return new WideKernel(params, limits, steps);
    }
    if (type.isInteger()) {
      return new AffineKernel(params, limits, steps);
    }
    if (!limits.equals(Limits.of(type))) {
      throw new IllegalArgumentException(
          "Cannot limit %s to %d..%d: only integers have limits"
              .formatted(type, limits.qmin(), limits.qmax()));
    }
    if (type.codebook().isPresent() || type.learned()) {
      return new CodebookKernel(params, steps);
    }
    return type == QuantType.FLOAT16
        ? new HalfKernel(steps)
        : new Float8Kernel(type.float8().orElseThrow(), steps);
  }
}
