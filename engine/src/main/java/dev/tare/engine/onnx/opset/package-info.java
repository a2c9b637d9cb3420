/**
 * Versions of the standard operators: {@link dev.tare.engine.onnx.opset.OpsetUpgrade} rewrites a
 * model for a newer one. The next room is {@code prepare}, which simplifies models.
 */
package dev.tare.engine.onnx.opset;
