package dev.tare.engine.plan;

import dev.tare.engine.quant.QuantParams;
import dev.tare.engine.range.Range;

/**
 * The decision for one channel, or for a whole tensor: one entry of {@link ScaleColumns}.
 *
 * @param range the interval that the integers cover
 * @param params scale and zero point
 * @param clippedShare share of values outside the range, in [0, 1]
 * @param expectedSqnrDb signal to quantization noise in dB, predicted from the statistics; infinite
 *     if no value changes, NaN without values
 */
public record ChannelPlan(
    Range range, QuantParams params, double clippedShare, double expectedSqnrDb) {}
