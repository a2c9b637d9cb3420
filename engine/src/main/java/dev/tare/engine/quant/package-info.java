/**
 * Affine quantization of numbers: types, parameters, kernels and their error. Begin at {@link
 * dev.tare.engine.quant.QuantParams}, which says how a real number becomes an integer, and {@link
 * dev.tare.engine.quant.Quantizer}, which does so for many. Which parameters a tensor gets is
 * decided in {@code range} and {@code recipe}.
 */
package dev.tare.engine.quant;
