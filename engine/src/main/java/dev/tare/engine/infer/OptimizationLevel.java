package dev.tare.engine.infer;

import ai.onnxruntime.OrtSession.SessionOptions.OptLevel;

/**
 * How far ONNX Runtime may rewrite the graph before it runs it.
 *
 * <p>Activations differ in their last bits between levels, so statistics record theirs.
 */
public enum OptimizationLevel {
  NONE(OptLevel.NO_OPT),
  BASIC(OptLevel.BASIC_OPT),
  EXTENDED(OptLevel.EXTENDED_OPT),
  ALL(OptLevel.ALL_OPT);

  private final OptLevel ort;

  OptimizationLevel(OptLevel ort) {
    this.ort = ort;
  }

  OptLevel ort() {
    return ort;
  }
}
