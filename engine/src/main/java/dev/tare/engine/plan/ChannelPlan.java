package dev.tare.engine.plan;

import dev.tare.engine.quant.Limits;
import dev.tare.engine.quant.QuantParams;
import dev.tare.engine.range.Range;

/**
 * The decision for one channel, or for a whole tensor.
 *
 * @param range the interval that the integers cover
 * @param params scale and zero point
 * @param clippedShare share of values outside the range, in [0, 1]
 * @param expectedSqnrDb signal to quantization noise in dB, as the statistics predict it; infinite
 *     where no value changes, NaN where there is no value
 */
public record ChannelPlan(
    Range range, QuantParams params, double clippedShare, double expectedSqnrDb) {

  /**
   * The decision for one of many blocks of a tensor.
   *
   * @param limits integers that are used: the range is what they represent
   * @param clippedShare of the whole tensor
   * @param expectedSqnrDb of the whole tensor
   */
  static ChannelPlan ofBlock(
      QuantParams params, Limits limits, double clippedShare, double expectedSqnrDb) {
    float low = (limits.qmin() - params.zeroPoint()) * params.scale();
    float high = (limits.qmax() - params.zeroPoint()) * params.scale();
    return new ChannelPlan(new Range(low, high), params, clippedShare, expectedSqnrDb);
  }
}
