/**
 * Quantization: a plan applied to the weights, as tables and as a model, and back to floats. Begin
 * at {@link dev.tare.jobs.quantize.QuantizeStage}, whose work is {@link
 * dev.tare.jobs.quantize.QuantizeJob}; {@code evaluate} judges the model.
 */
package dev.tare.jobs.quantize;
