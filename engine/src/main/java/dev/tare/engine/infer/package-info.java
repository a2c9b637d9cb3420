/** Running a model and reading its tensors: the only room that sees ONNX Runtime. */
package dev.tare.engine.infer;
