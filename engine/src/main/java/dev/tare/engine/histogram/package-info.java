/**
 * Mergeable histograms of float values and the statistics made of them. {@link
 * dev.tare.engine.histogram.FloatBins} says which bin a value has, {@link
 * dev.tare.engine.histogram.Observer} counts in one task, and {@link
 * dev.tare.engine.histogram.Statistics} is what merges. Ranges are selected from it in {@code
 * range}.
 */
package dev.tare.engine.histogram;
