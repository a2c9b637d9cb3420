/**
 * Running a model and reading its tensors, independent of the runtime: a {@link
 * dev.tare.engine.infer.ModelRuntime} opens a model as a {@link dev.tare.engine.infer.Session},
 * {@link dev.tare.engine.infer.Runner} runs batches, and {@link
 * dev.tare.engine.infer.StatisticsCollector} hands the tensors to the observers of {@code observe}.
 * {@code infer.ort} is the first runtime; the next room of the reading path is {@code observe}.
 */
package dev.tare.engine.infer;
