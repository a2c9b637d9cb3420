/**
 * What is merged of a tensor, and its bytes: {@link dev.tare.engine.statistics.Statistics} of its
 * values and channels, cut into blocks that travel. They are filled in {@code observe}, and ranges
 * are selected from them in {@code range}.
 */
package dev.tare.engine.statistics;
