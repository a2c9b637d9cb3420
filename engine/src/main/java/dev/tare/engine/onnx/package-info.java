/** Reading, checking, upgrading and rewriting ONNX models: the only room that sees protobuf. */
package dev.tare.engine.onnx;
