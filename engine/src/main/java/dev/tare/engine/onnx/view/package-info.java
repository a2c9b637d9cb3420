/**
<<<<<<< HEAD
 * What other rooms need from an ONNX model: {@link dev.tare.engine.onnx.view.OnnxGraph} is its graph for
 * planning and observing. {@code opset} raises a model's version next.
=======
 * What other rooms need from an ONNX model: {@link dev.tare.engine.onnx.view.OnnxGraph} is its
 * graph for planning, {@link dev.tare.engine.onnx.view.Observation} finds the tensors to observe.
 * The next room is {@code opset}, which converts a model to a newer version.
>>>>>>> 6728cce (onnx: views, preparation and writing in plain words)
 */
package dev.tare.engine.onnx.view;
