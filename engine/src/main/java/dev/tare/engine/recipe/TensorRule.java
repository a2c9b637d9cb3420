package dev.tare.engine.recipe;

import dev.tare.engine.quant.QuantType;
import dev.tare.engine.range.RangeSelector;
import dev.tare.engine.range.Target;

/**
 * How a recipe wants tensors of one role quantized.
 *
 * @param type integer type
 * @param symmetric zero point forced to the middle
 * @param narrowRange lowest integer unused
 * @param reduceRange seven bits instead of eight, so that u8 by s8 sums cannot saturate on a CPU
 *     without VNNI
 * @param perChannel one scale per channel instead of one per tensor
 * @param method how the range is selected
 */
public record TensorRule(
    QuantType type,
    boolean symmetric,
    boolean narrowRange,
    boolean reduceRange,
    boolean perChannel,
    RangeSelector method) {

  /** What a range selector needs to know of this rule. */
  public Target target() {
    return new Target(type, symmetric, narrowRange, reduceRange);
  }
}
