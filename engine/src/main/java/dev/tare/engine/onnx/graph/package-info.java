/**
 * The elements of an ONNX graph, used by everything that reads or changes one: begin at {@link
 * dev.tare.engine.onnx.graph.Nodes}, {@link dev.tare.engine.onnx.graph.Constants}, {@link
 * dev.tare.engine.onnx.graph.TensorCodec} and what can be derived from them, such as types and
 * ranks. The next room is {@code onnx}, which reads and checks whole models.
 */
package dev.tare.engine.onnx.graph;
