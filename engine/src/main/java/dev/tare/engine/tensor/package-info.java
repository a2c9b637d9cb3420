/**
 * Dense tensors as values: element types, shapes, contents, and the samples made of them. Begin at
 * {@link dev.tare.engine.tensor.Tensor}; a {@link dev.tare.engine.tensor.Sample} is one input of a
 * model. The next room is {@code infer}, which runs models on samples.
 */
package dev.tare.engine.tensor;
