/**
 * Quantization of checkpoints of PyTorch without a graph, without data and without ever holding
 * one: begin at {@link dev.tare.jobs.checkpoint.CheckpointStage}, whose work is {@code
 * CheckpointJob}. The driver reads headers and plans every file of the result; a task streams one
 * of these files through {@code ShardTask}, by ranged reads of the originals. What becomes of the
 * bytes is decided in {@code dev.tare.engine.checkpoint}.
 */
package dev.tare.jobs.checkpoint;
