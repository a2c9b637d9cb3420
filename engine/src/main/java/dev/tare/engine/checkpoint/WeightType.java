package dev.tare.engine.checkpoint;

/**
 * What the weights of a checkpoint become: integers, 8-bit floating-point numbers, or 4-bit ones
 * with the scales of a standard.
 */
public enum WeightType {
  INT4(4, -8, 7),
  INT8(8, -128, 127),
  FLOAT8E4M3FN(8, -448, 448),
  /**
   * {@link Float4} with a power of two for each 32 values of a row (Open Compute Project,
   * "Microscaling Formats (MX) Specification", version 1.0, 2023).
   */
  MXFP4(4, -6, 6),
  /**
   * {@link Float4} with a float8 (e4m3) for each 16 values of a row, and a float32 for the tensor,
   * by which those are divided (NVIDIA, "Pretraining Large Language Models with NVFP4", 2025).
   */
  NVFP4(4, -6, 6);

  private final int bits;
  private final int qmin;
  private final int qmax;

  WeightType(int bits, int qmin, int qmax) {
    this.bits = bits;
    this.qmin = qmin;
    this.qmax = qmax;
  }

  /** Bits of a code. */
  public int bits() {
    return bits;
  }

  /** The lowest number that a code stands for before it is scaled. */
  public int qmin() {
    return qmin;
  }

  /** The highest number that a code stands for before it is scaled. */
  public int qmax() {
    return qmax;
  }

  /** Whether codes are integers. */
  public boolean isInteger() {
    return this == INT4 || this == INT8;
  }

  /** Values that share a scale, where the type says it; else 0. */
  int fixedGroupSize() {
    return this == MXFP4 ? 32 : this == NVFP4 ? 16 : 0;
  }
}
