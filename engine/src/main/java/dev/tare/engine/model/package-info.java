/**
 * Models, independent of their format: begin at {@link dev.tare.engine.model.FloatModel}, the
 * interface that stages use; {@link dev.tare.engine.model.Observation} chooses the tensors to
 * observe, {@link dev.tare.engine.model.WritableModel} can be written. {@code onnx} is the first
 * format. The next room is {@code infer}, which runs model files.
 */
package dev.tare.engine.model;
