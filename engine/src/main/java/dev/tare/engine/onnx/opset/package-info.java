/**
 * Versions of the standard operators: {@link dev.tare.engine.onnx.opset.OpsetUpgrade} rewrites a
 * model for a newer one. {@code prepare} simplifies models next.
 */
package dev.tare.engine.onnx.opset;
