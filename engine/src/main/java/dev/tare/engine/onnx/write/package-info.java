/**
 * Plans applied to models: {@link dev.tare.engine.onnx.write.QdqRewriter} writes the quantized
 * model and {@link dev.tare.engine.onnx.write.DequantizedModel} the float one that computes with
 * what is left of the weights. {@code infer} runs both.
 */
package dev.tare.engine.onnx.write;
