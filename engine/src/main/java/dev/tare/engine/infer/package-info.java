/**
 * Running a model and reading its tensors, whatever runs it: a {@link
 * dev.tare.engine.infer.ModelRuntime} opens a model as a {@link dev.tare.engine.infer.Session},
 * {@link dev.tare.engine.infer.Runner} runs batches, and {@link
 * dev.tare.engine.infer.StatisticsCollector} hands the tensors to the observers of {@code observe}.
 * {@code infer.ort} is the first runtime.
 */
package dev.tare.engine.infer;
