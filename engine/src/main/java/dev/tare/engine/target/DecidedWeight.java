package dev.tare.engine.target;

import dev.tare.engine.quant.Granularity;
import dev.tare.engine.quant.QuantType;

/**
 * How a weight was quantized for one operator, so that a second one can be checked whether it can
 * read the same integers.
 *
 * @param tensor name in the model
 * @param type integer type
 * @param granularity which values share a scale
 * @param centred whether every zero point is 0
 */
public record DecidedWeight(
    String tensor, QuantType type, Granularity granularity, boolean centred) {}
