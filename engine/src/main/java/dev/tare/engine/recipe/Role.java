package dev.tare.engine.recipe;

/** The role of a tensor for the operators that read it. */
public enum Role {
  ACTIVATION,
  WEIGHT,
  BIAS
}
