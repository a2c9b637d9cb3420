package dev.tare.engine.onnx.view;

import dev.tare.engine.onnx.OnnxModel;

/**
 * A MatMul, Gemm, Conv or ConvTranspose without a constant weight that can be quantized.
 *
 * @param node name, as {@link OnnxModel#nodeNames} gives it
 * @param opType operator
 * @param reason why, in words
 */
public record SkippedNode(String node, String opType, String reason) {}
