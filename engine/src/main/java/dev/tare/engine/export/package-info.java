/** Formats of other runtimes that are not ONNX: one class for each. */
package dev.tare.engine.export;
