package dev.tare.engine.target;

import dev.tare.engine.quant.QuantType;

/**
 * How the bias of a static operator is stored: as integers with the scale of its accumulator, scale
 * of input times scale of weight, and zero point 0.
 *
 * @param type integer type
 * @param maxCode largest magnitude of a code, so that neither rounding nor sums overflow the type
 * @param maxGrowth largest factor by which one channel's bias may widen a scale shared by all
 *     channels of the weight; a channel's own scale may be widened without limit
 */
public record BiasForm(QuantType type, double maxCode, float maxGrowth) {}
