package dev.tare.engine.infer;

/** What the values of a model's output are. */
public enum OutputKind {
  /** A float32 tensor; it can also be observed. */
  FLOAT,
  /**
   * A tensor of another floating-point type, or a sequence of maps to such numbers: read as
   * float32.
   */
  NUMBERS,
  /** A tensor of integers, truth values or texts: equal or not. */
  LABELS
}
