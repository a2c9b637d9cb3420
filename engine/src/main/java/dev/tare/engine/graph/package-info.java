/**
 * A model as planning sees it, in no format's words: {@link dev.tare.engine.graph.ModelGraph} gives
 * operators with a constant weight, tables, constants, and the graph as a whole. {@code recipe}
 * matches its nodes; {@code onnx.view} reads it from an ONNX model.
 */
package dev.tare.engine.graph;
