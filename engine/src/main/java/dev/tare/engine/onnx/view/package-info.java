/**
 * What other rooms need from an ONNX model: {@link dev.tare.engine.onnx.view.OnnxGraph} is its
 * graph for planning and observing. The next room is {@code opset}, which raises a model's version.
 */
package dev.tare.engine.onnx.view;
