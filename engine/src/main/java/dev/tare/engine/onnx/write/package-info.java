/**
 * Plans applied to models: {@link dev.tare.engine.onnx.write.QdqRewriter} writes the quantized
 * model and {@link dev.tare.engine.onnx.write.DequantizedModel} the float one with the error of the
 * quantized weights. The next stop of the reading path is {@code EvaluateJob} in {@code jobs},
 * which runs both through {@code infer}.
 */
package dev.tare.engine.onnx.write;
