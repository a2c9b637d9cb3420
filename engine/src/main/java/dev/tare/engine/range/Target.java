package dev.tare.engine.range;

import dev.tare.engine.quant.Limits;
import dev.tare.engine.quant.QuantParams;
import dev.tare.engine.quant.QuantType;
import dev.tare.engine.quant.ScaleRule;

/**
 * What a range is selected for: the integers that will cover it.
 *
 * @param type integer type, or a floating-point one
 * @param symmetric whether the zero point is forced to the middle, so that only the range's
 *     magnitude counts
 * @param narrowRange whether the lowest integer is unused
 * @param reduceRange whether 7 bits are used
 * @param powerOfTwo whether the scale is a power of two
 */
public record Target(
    QuantType type,
    boolean symmetric,
    boolean narrowRange,
    boolean reduceRange,
    boolean powerOfTwo) {

  /** Creates a target with a scale of any value. */
  public Target(QuantType type, boolean symmetric, boolean narrowRange, boolean reduceRange) {
    this(type, symmetric, narrowRange, reduceRange, false);
  }

  /** Returns the limits and the arithmetic that {@link #params} uses. */
  public ScaleRule rule() {
    ScaleRule rule = ScaleRule.of(type, symmetric, narrowRange, reduceRange);
    return powerOfTwo ? rule.inPowersOfTwo() : rule;
  }

  /** Returns the scale and zero point that cover a range. */
  public QuantParams params(Range range) {
    return rule().params(range.low(), range.high());
  }

  /** Returns a scale that is not below a least one; 0 stays 0, which is no scale. */
  public float atLeast(float least) {
    return powerOfTwo && least >= Float.MIN_NORMAL ? (float) ScaleRule.powerOfTwo(least) : least;
  }

  /** Returns the integers that the target's scale is computed for, to which a weight saturates. */
  public Limits limits() {
    return rule().limits();
  }

  /**
   * Number of integers for magnitudes, zero included: all if values have one sign and the zero
   * point is free, else half.
   */
  long magnitudes(Range full) {
    long levels = limits().levels();
    boolean oneSided = full.low() == 0 || full.high() == 0;
    return oneSided && !symmetric ? levels : (levels + 1) / 2;
  }
}
