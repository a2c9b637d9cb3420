/**
 * The merged state of a tensor, and its bytes: {@link dev.tare.engine.statistics.MergeableState} is
 * the interface, of three kinds: {@link dev.tare.engine.statistics.Statistics} with histograms,
 * exact {@link dev.tare.engine.statistics.Moments}, and {@link
 * dev.tare.engine.statistics.GramBlock}, exact products of channels. They are filled in {@code
 * observe}; the next room is {@code range}, which selects ranges from them.
 */
package dev.tare.engine.statistics;
