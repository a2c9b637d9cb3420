/**
 * Dense tensors as values: element types, shapes, contents, and the samples made of them. Begin at
 * {@link dev.tare.engine.tensor.Tensor}; a {@link dev.tare.engine.tensor.Sample} is what a model is
 * run on, by {@code infer}.
 */
package dev.tare.engine.tensor;
