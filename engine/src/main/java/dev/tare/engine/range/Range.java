package dev.tare.engine.range;

/**
 * A real-valued clipping interval [low, high], both ends included, that contains 0.
 *
 * @param low finite, at most 0
 * @param high finite, at least 0
 */
public record Range(float low, float high) {

  /**
   * @throws IllegalArgumentException if an end is not finite or 0 is outside
   */
  public Range {
    if (!Float.isFinite(low) || !Float.isFinite(high) || low > 0 || high < 0) {
      throw new IllegalArgumentException(
          "Invalid range [" + low + ", " + high + "]: must be finite and contain 0");
    }
  }

  /**
   * Returns the smallest range that contains both values and 0: real zero must be representable.
   */
  public static Range containing(float a, float b) {
    return new Range(Math.min(0f, Math.min(a, b)), Math.max(0f, Math.max(a, b)));
  }

  /** The larger distance of an end from 0. */
  public float magnitude() {
    return Math.max(-low, high);
  }
}
