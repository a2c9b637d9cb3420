/**
 * The hot path: {@link dev.tare.engine.observe.Observer} counts the values of one tensor in one
 * task. Batches come from {@code infer}; what leaves is a state of {@code statistics}.
 */
package dev.tare.engine.observe;
