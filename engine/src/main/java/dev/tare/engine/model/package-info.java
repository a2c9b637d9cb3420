/**
 * What a model is in any format: {@link dev.tare.engine.model.FloatModel} is what stages know of
 * one, {@link dev.tare.engine.model.Observation} chooses the tensors to observe, {@link
 * dev.tare.engine.model.WritableModel} is written. {@code onnx} is the first format; {@code infer}
 * runs what lies in the files.
 */
package dev.tare.engine.model;
