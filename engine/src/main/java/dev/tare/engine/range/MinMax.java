package dev.tare.engine.range;

import dev.tare.engine.histogram.Distribution;

/** The range of all values seen; needs no histogram. */
public record MinMax() implements RangeSelector {

  @Override
  public Range select(Distribution distribution, Target target) {
    return full(distribution);
  }

  @Override
  public boolean needsOnlyExtremes() {
    return true;
  }

  @Override
  public String name() {
    return "min-max";
  }

  /** Returns the smallest range that contains every value and 0; [0, 0] without values. */
  static Range full(Distribution distribution) {
    boolean none = Float.isNaN(distribution.min()) || Float.isNaN(distribution.max());
    return none ? new Range(0f, 0f) : Range.containing(distribution.min(), distribution.max());
  }

  /** Whether the full range is the only choice, because no value differs from 0. */
  static boolean settles(Range full) {
    return full.magnitude() == 0;
  }

  /**
   * Checks that a distribution with extremes also has bins.
   *
   * @throws IllegalArgumentException if it has none
   */
  static void requireHistogram(Distribution distribution, String method) {
    if (distribution.isEmpty()) {
      throw new IllegalArgumentException(
          "Cannot select a range by %s: values in [%s, %s] but no histogram of them"
              .formatted(method, distribution.min(), distribution.max()));
    }
  }

  /** The part of [low, high] inside a full range. */
  static Range inside(Range full, double low, double high) {
    return new Range(
        (float) Math.min(0, Math.max(low, full.low())),
        (float) Math.max(0, Math.min(high, full.high())));
  }
}
