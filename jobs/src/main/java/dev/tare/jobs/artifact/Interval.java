package dev.tare.jobs.artifact;

/**
 * Between which values a mean is with a confidence of 95 %.
 *
 * @param low lower end
 * @param high upper end, not below {@code low}
 */
public record Interval(double low, double high) {

  /**
   * @throws IllegalArgumentException if the ends are in the wrong order, or not finite
   */
  public Interval {
    if (!(low <= high) || Double.isInfinite(low) || Double.isInfinite(high)) {
      throw new IllegalArgumentException("No interval: %s to %s".formatted(low, high));
    }
  }

  /** Whether a value may be the mean, as far as the samples tell. */
  public boolean contains(double value) {
    return low <= value && value <= high;
  }
}
