package dev.tare.engine.quant;

import dev.tare.engine.tensor.DType;

/**
 * Integer type of a quantized tensor, with its limits qmin and qmax.
 *
 * <p>The narrow range drops the lowest value of a signed type, so that it is symmetric around 0.
 */
public enum QuantType {
  INT4(DType.INT4, -8, 7),
  UINT4(DType.UINT4, 0, 15),
  INT8(DType.INT8, -128, 127),
  UINT8(DType.UINT8, 0, 255),
  INT16(DType.INT16, -32768, 32767),
  UINT16(DType.UINT16, 0, 65535),
  INT32(DType.INT32, Integer.MIN_VALUE, Integer.MAX_VALUE);

  private final DType dtype;
  private final int qmin;
  private final int qmax;

  QuantType(DType dtype, int qmin, int qmax) {
    this.dtype = dtype;
    this.qmin = qmin;
    this.qmax = qmax;
  }

  public DType dtype() {
    return dtype;
  }

  /** The lowest integer, inclusive. */
  public int qmin() {
    return qmin;
  }

  /** The highest integer, inclusive. */
  public int qmax() {
    return qmax;
  }

  public boolean signed() {
    return qmin < 0;
  }
}
