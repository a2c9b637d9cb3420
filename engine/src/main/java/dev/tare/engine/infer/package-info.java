/**
 * Running a model and reading its tensors: the only room that sees ONNX Runtime. {@link
 * dev.tare.engine.infer.Inference} opens a model, {@link dev.tare.engine.infer.Runner} runs
 * batches, and {@link dev.tare.engine.infer.StatisticsCollector} hands the tensors to the observers
 * of {@code histogram}.
 */
package dev.tare.engine.infer;
