/**
 * The hot path: {@link dev.tare.engine.observe.Observer} counts the values of one tensor in one
 * task. Batches come from {@code infer}; the result is a state of {@code statistics}. The next room
 * of the reading path is {@code histogram}, which merges the counts.
 */
package dev.tare.engine.observe;
