package dev.tare.engine.recipe;

import dev.tare.engine.quant.Granularity;
import dev.tare.engine.quant.QuantType;
import dev.tare.engine.range.MinMax;
import dev.tare.engine.range.RangeSelector;
import dev.tare.engine.range.Target;
import java.util.OptionalInt;

/**
 * How a recipe quantizes tensors of one role.
 *
 * @param type integer type or one of FLOAT8E4M3FN and FLOAT8E5M2, or of weights FLOAT16, a table
 * @param symmetric zero point forced to the middle
 * @param narrowRange lowest integer unused
 * @param reduceRange seven bits instead of eight, so that u8 by s8 sums cannot saturate on a CPU
 *     without VNNI
 * @param perChannel one scale per channel instead of one per tensor
 * @param blockSize number of neighbours that share a scale, along the axis over which products are
 *     summed; not with {@code perChannel}
 * @param method how the range is selected
 * @param powerOfTwo whether scales are powers of two
 */
public record TensorRule(
    QuantType type,
    boolean symmetric,
    boolean narrowRange,
    boolean reduceRange,
    boolean perChannel,
    OptionalInt blockSize,
    RangeSelector method,
    boolean powerOfTwo) {

  /** Creates a rule with scales of any value. */
  public TensorRule(
      QuantType type,
      boolean symmetric,
      boolean narrowRange,
      boolean reduceRange,
      boolean perChannel,
      OptionalInt blockSize,
      RangeSelector method) {
    this(type, symmetric, narrowRange, reduceRange, perChannel, blockSize, method, false);
  }

  /**
   * @throws IllegalArgumentException if it is both per channel and per block
   */
  public TensorRule {
    if (perChannel && blockSize.isPresent()) {
      throw new IllegalArgumentException("Invalid rule: both per channel and per block");
    }
  }

  /** Returns what a range selector needs to know from this rule. */
  public Target target() {
    return new Target(type, symmetric, narrowRange, reduceRange, powerOfTwo);
  }

  /** Returns which values of a weight share a scale: all, if it has no usable axis. */
  public Granularity granularity(TensorQuery weight) {
    if (blockSize.isPresent() && weight.blockAxis() >= 0) {
      return Granularity.perBlock(weight.blockAxis(), blockSize.getAsInt());
    }
    boolean channels = perChannel && weight.channelAxis() >= 0;
    return channels ? Granularity.perChannel(weight.channelAxis()) : Granularity.perTensor();
  }

  /** Returns the same rule with method min-max. */
  TensorRule withMinMax() {
    return new TensorRule(
        type, symmetric, narrowRange, reduceRange, perChannel, blockSize, new MinMax(), powerOfTwo);
  }
}
