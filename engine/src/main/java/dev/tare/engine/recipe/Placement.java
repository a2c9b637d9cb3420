package dev.tare.engine.recipe;

/** Which tensors of a graph are quantized. */
public enum Placement {
  /** Inputs and weights of operators with a constant weight. */
  CONSTANT_WEIGHTS,
  /** Inputs and outputs of all operators that the target supports in integers. */
  ALL_SUPPORTED
}
