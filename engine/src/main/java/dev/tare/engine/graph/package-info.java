/**
 * A model's graph, independent of its format: {@link dev.tare.engine.graph.ModelGraph} lists
 * operators with a constant weight, tables, constants, and the graph as a whole. {@code onnx.view}
 * implements it for ONNX models; the next room is {@code recipe}, which matches its nodes.
 */
package dev.tare.engine.graph;
