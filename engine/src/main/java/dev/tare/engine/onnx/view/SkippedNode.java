package dev.tare.engine.onnx.view;

import dev.tare.engine.onnx.OnnxModel;

/**
 * A MatMul, Gemm, Conv or ConvTranspose that is not quantized because it has no suitable constant
 * weight.
 *
 * @param node name, as in {@link OnnxModel#nodeNames}
 * @param opType operator
 * @param reason why, in words
 */
public record SkippedNode(String node, String opType, String reason) {}
