package dev.tare.engine.quant;

import java.util.Optional;

/**
 * Scale and zero point of one channel: {@code real = scale * (q - zeroPoint)}.
 *
 * @param type type of q
 * @param scale positive and finite
 * @param zeroPoint in [qmin, qmax]; 0 for a floating-point type
 * @param codebook the table of a learned type, which is needed to quantize: {@code real = scale *
 *     codebook[q]}; empty for other types
 */
public record QuantParams(QuantType type, float scale, int zeroPoint, Optional<Codebook> codebook) {

  /** Creates parameters without a table. */
  public QuantParams(QuantType type, float scale, int zeroPoint) {
    this(type, scale, zeroPoint, Optional.empty());
  }

  /**
   * @throws IllegalArgumentException if the scale is not positive and finite, or the zero point
   *     does not fit the type
   */
  public QuantParams {
    if (!(scale > 0) || Float.isInfinite(scale)) {
      throw new IllegalArgumentException("Invalid scale: " + scale);
    }
    if (!type.isInteger() && zeroPoint != 0) {
      throw new IllegalArgumentException(
          "Invalid zero point of " + type + ": " + zeroPoint + ", must be 0");
    }
    if (zeroPoint < type.qmin() || zeroPoint > type.qmax()) {
      throw new IllegalArgumentException("Invalid zero point of " + type + ": " + zeroPoint);
    }
    if (codebook.isPresent()
        && !(type.learned() && codebook.get().size() == 1 << type.dtype().bits())) {
      throw new IllegalArgumentException(
          "Invalid table of %s: it has %d numbers".formatted(type, codebook.get().size()));
    }
  }

  /**
   * The same with the table that is learned from values.
   *
   * @param values at least one, finite
   * @throws IllegalArgumentException if the type learns no table
   */
  public QuantParams learned(float[] values) {
    float[] steps = new float[values.length];
    for (int i = 0; i < steps.length; i++) {
      steps[i] = values[i] / scale;
    }
    return with(Clusters.of(steps, 1 << type.dtype().bits()));
  }

  /** The same with a table. */
  public QuantParams with(Codebook table) {
    return new QuantParams(type, scale, zeroPoint, Optional.of(table));
  }

  /**
   * Returns the scale and zero point that map an interval, widened to contain 0, onto a type's
   * integers.
   *
   * <p>See {@link ScaleRule} for the arithmetic and the limits of each choice.
   *
   * @param narrowRange whether the lowest integer is unused
   * @param reduceRange whether 7 bits are used: for processors whose 8-bit products saturate
   * @throws IllegalArgumentException if an end is not finite, or the type has no reduced range
   */
  public static QuantParams of(
      float low,
      float high,
      QuantType type,
      boolean symmetric,
      boolean narrowRange,
      boolean reduceRange) {
    return ScaleRule.of(type, symmetric, narrowRange, reduceRange).params(low, high);
  }

  /**
   * Parameters of a bias that is added to products of an input and a weight: INT32, zero point 0,
   * scale the float32 product of both scales, at least the smallest normal float.
   *
   * @throws IllegalArgumentException if the product overflows
   */
  public static QuantParams ofBias(QuantParams input, QuantParams weight) {
    float scale = Math.max(input.scale() * weight.scale(), Float.MIN_NORMAL);
    return new QuantParams(QuantType.INT32, scale, 0);
  }
}
