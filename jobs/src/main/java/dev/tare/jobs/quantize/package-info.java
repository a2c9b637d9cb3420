/**
 * Quantization: applies a plan to the weights, writes tables and a model, and converts back to
 * floats. Begin at {@link dev.tare.jobs.quantize.QuantizeStage}, whose work is {@link
 * dev.tare.jobs.quantize.QuantizeJob}; the next room is {@code evaluate}, which measures the model.
 */
package dev.tare.jobs.quantize;
