/** Quantization: a plan applied to the weights, as tables and as a model. */
package dev.tare.jobs.quantize;
