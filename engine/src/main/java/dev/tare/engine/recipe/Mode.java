package dev.tare.engine.recipe;

/** When the inputs and weights of an operator become integers. */
public enum Mode {
  /** Weights ahead of time, activations by ranges that calibration found. */
  STATIC,
  /** Weights ahead of time, activations at run time by the extremes of each input. */
  DYNAMIC,
  /** Weights ahead of time; the operator computes in float. */
  WEIGHT_ONLY
}
