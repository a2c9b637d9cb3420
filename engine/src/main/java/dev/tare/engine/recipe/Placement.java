package dev.tare.engine.recipe;

/** Between which tensors of a graph quantization stands. */
public enum Placement {
  /** Inputs and weights of operators with a constant weight. */
  CONSTANT_WEIGHTS,
  /** Inputs and outputs of all operators that the target knows in integers. */
  ALL_SUPPORTED
}
