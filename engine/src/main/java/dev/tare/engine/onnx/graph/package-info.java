/**
 * The pieces of an ONNX graph, beneath everything that reads or changes one: {@link
 * dev.tare.engine.onnx.graph.Nodes}, {@link dev.tare.engine.onnx.graph.Constants}, {@link
 * dev.tare.engine.onnx.graph.TensorCodec} and what follows from them alone, such as types and
 * ranks. {@code onnx} makes models of them.
 */
package dev.tare.engine.onnx.graph;
