/**
 * Values and how often they occurred. Begin at {@link dev.tare.engine.histogram.Histogram}, whose
 * {@code merge} is a stop of the reading path: it has counts for the bins of {@link
 * dev.tare.engine.histogram.FloatBins}, and ranges are selected from its {@link
 * dev.tare.engine.histogram.Distribution}. The next room is {@code statistics}, with the merged
 * state of a whole tensor.
 */
package dev.tare.engine.histogram;
