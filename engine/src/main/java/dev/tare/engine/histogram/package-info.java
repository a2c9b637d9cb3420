/**
 * Values and how often they were seen. {@link dev.tare.engine.histogram.FloatBins} says which bin a
 * value has, {@link dev.tare.engine.histogram.Histogram} counts by these bins and merges; ranges
 * are selected from its {@link dev.tare.engine.histogram.Distribution}. What merges of a whole
 * tensor is in {@code statistics}.
 */
package dev.tare.engine.histogram;
