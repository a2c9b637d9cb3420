package dev.tare.engine.infer;

/** What the values of a model's output are. */
public enum OutputKind {
  /** A float32 tensor: can be observed, too. */
  FLOAT,
  /** A tensor of other floating-point numbers, or a sequence of maps to such: read as float32. */
  NUMBERS,
  /** A tensor of integers, truth values or texts: equal or not. */
  LABELS
}
