/** Affine quantization of numbers: types, parameters, kernels and their error. */
package dev.tare.engine.quant;
