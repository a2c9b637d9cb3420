/**
 * ONNX Runtime; no other room sees {@code ai.onnxruntime}. {@link
 * dev.tare.engine.infer.ort.OrtRuntime} opens models as sessions of {@code infer}, the next room,
 * whose probes and collectors use them.
 */
package dev.tare.engine.infer.ort;
