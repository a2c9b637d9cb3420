/**
 * The ONNX format; this room and those inside it alone see protobuf. {@link
 * dev.tare.engine.onnx.OnnxModel} reads a model and checks its structure, {@link
 * dev.tare.engine.onnx.Preflight} refuses what Tare cannot take, {@link
 * dev.tare.engine.onnx.ModelWriter} writes.
 *
 * <p>The rooms inside, each using only those before it: {@code graph} (beneath this one), {@code
 * view}, {@code opset}, {@code prepare}, {@code write}, {@code model}, through which those who
 * serve any format look in. {@code engine/docs/onnx.md} is the map; {@code infer} runs what is
 * written.
 */
package dev.tare.engine.onnx;
