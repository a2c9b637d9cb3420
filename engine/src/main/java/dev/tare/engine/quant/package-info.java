/**
 * Affine quantization of numbers: types, parameters, kernels and their error. Begin at {@link
 * dev.tare.engine.quant.QuantParams}, which defines how a real number becomes an integer, and
 * {@link dev.tare.engine.quant.Quantizer}, which does so for tensors. The range that the parameters
 * of a tensor follow from is selected in {@code range}; {@code plan} decides which tensors get
 * them. The next room of the reading path is {@code onnx.write}, which writes the integers into a
 * model.
 */
package dev.tare.engine.quant;
