package dev.tare.engine.target;

import dev.tare.engine.quant.Granularity;
import dev.tare.engine.quant.QuantType;

/**
 * The integers of a weight as they were decided on for one operator, of which another asks whether
 * it can read them too.
 *
 * @param tensor name in the model
 * @param type integer type
 * @param granularity which values share a scale
 * @param centred whether every zero point is 0
 */
public record DecidedWeight(
    String tensor, QuantType type, Granularity granularity, boolean centred) {}
