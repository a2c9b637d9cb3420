/**
 * Formats of other runtimes that are not ONNX: one class for each, such as {@link
 * dev.tare.engine.export.TensorRtCache}.
 */
package dev.tare.engine.export;
