/**
 * What other rooms need from an ONNX model: {@link dev.tare.engine.onnx.view.OnnxGraph} is its
 * graph for planning and observing. {@code opset} raises a model's version next.
 */
package dev.tare.engine.onnx.view;
