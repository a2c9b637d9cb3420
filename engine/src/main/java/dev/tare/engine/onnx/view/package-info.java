/**
 * What others see of an ONNX model: {@link dev.tare.engine.onnx.view.OnnxGraph} is its graph for
 * planning, {@link dev.tare.engine.onnx.view.Observation} finds the tensors to observe. {@code
 * opset} raises a model's version next.
 */
package dev.tare.engine.onnx.view;
