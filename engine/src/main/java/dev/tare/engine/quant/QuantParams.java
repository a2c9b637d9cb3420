package dev.tare.engine.quant;

/**
 * Scale and zero point of one channel: {@code real = scale * (q - zeroPoint)}.
 *
 * @param type integer type of q
 * @param scale positive and finite
 * @param zeroPoint in [qmin, qmax]
 */
public record QuantParams(QuantType type, float scale, int zeroPoint) {

  /**
   * @throws IllegalArgumentException if the scale is not positive and finite, or the zero point
   *     does not fit the type
   */
  public QuantParams {
    if (!(scale > 0) || Float.isInfinite(scale)) {
      throw new IllegalArgumentException("Invalid scale: " + scale);
    }
    if (zeroPoint < type.qmin() || zeroPoint > type.qmax()) {
      throw new IllegalArgumentException("Invalid zero point of " + type + ": " + zeroPoint);
    }
  }
}
