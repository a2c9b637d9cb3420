/**
 * The ONNX format; only this room and those inside it see protobuf. {@link
 * dev.tare.engine.onnx.OnnxModel} reads a model and checks its structure, {@link
 * dev.tare.engine.onnx.Preflight} refuses what Tare does not support, {@link
 * dev.tare.engine.onnx.ModelWriter} writes.
 *
 * <p>The rooms inside, each using only those before it: {@code graph} (beneath this one), {@code
 * view}, {@code opset}, {@code prepare}, {@code write}, {@code model}, through which those who
 * serve any format look in. See {@code engine/docs/onnx.md} for an overview. The next room is
 * {@code infer}, which runs models.
 */
package dev.tare.engine.onnx;
