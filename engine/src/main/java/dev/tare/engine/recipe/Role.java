package dev.tare.engine.recipe;

/** What a tensor is to the operators that read it. */
public enum Role {
  ACTIVATION,
  WEIGHT,
  BIAS
}
