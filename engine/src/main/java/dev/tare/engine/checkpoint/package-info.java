/**
 * Quantized checkpoints of PyTorch: which weights of which files become integers, how, and in which
 * file of the result they are. Begin at {@link dev.tare.engine.checkpoint.CheckpointPlan}, which
 * follows from names and shapes alone; {@link dev.tare.engine.checkpoint.WeightEncoder} quantizes
 * rows of one weight. The layout is that of compressed-tensors.
 */
package dev.tare.engine.checkpoint;
