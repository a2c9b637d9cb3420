/**
 * Reading, checking, upgrading and rewriting ONNX models: the only room that sees protobuf. {@link
 * dev.tare.engine.onnx.OnnxModel} reads, {@link dev.tare.engine.onnx.Preflight} refuses, {@link
 * dev.tare.engine.onnx.GraphPreparation} makes what plans speak of, and {@link
 * dev.tare.engine.onnx.QdqRewriter} applies a plan. {@code engine/docs/onnx.md} is the map; {@code
 * infer} runs what is written.
 */
package dev.tare.engine.onnx;
