/**
 * What is merged of a tensor, and its bytes: a {@link dev.tare.engine.statistics.MergeableState} by
 * kind, of which {@link dev.tare.engine.statistics.Statistics} with their histograms are the first
 * and exact {@link dev.tare.engine.statistics.Moments} the second. They are filled in {@code
 * observe}, and ranges are selected from them in {@code range}.
 */
package dev.tare.engine.statistics;
