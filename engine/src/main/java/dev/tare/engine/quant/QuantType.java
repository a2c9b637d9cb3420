package dev.tare.engine.quant;

import dev.tare.engine.tensor.DType;
import java.util.Optional;

/**
 * Element type of a quantized tensor: integers from qmin to qmax, floating-point numbers of 8 or 16
 * bits, or numbers of a table.
 *
 * <p>For a floating-point type or a table qmin and qmax are its lowest and highest finite numbers,
 * which are whole, and the zero point is always 0.
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
  INT32(DType.INT32, Integer.MIN_VALUE, Integer.MAX_VALUE),
  FLOAT8E4M3FN(DType.FLOAT8E4M3FN, Float8.E4M3FN),
  FLOAT8E4M3FNUZ(DType.FLOAT8E4M3FNUZ, Float8.E4M3FNUZ),
  FLOAT8E5M2(DType.FLOAT8E5M2, Float8.E5M2),
  FLOAT8E5M2FNUZ(DType.FLOAT8E5M2FNUZ, Float8.E5M2FNUZ),
  /** IEEE-754 binary16. Numbers are stored as they are: its scale is 1. */
  FLOAT16(DType.FLOAT16, -65504, 65504),
  /** 4 bits: quantiles of a normal distribution, in [-1, 1]; {@link Codebook#NF4}. */
  NF4(DType.UINT4, Codebook.NF4),
  /** 4 bits: a floating-point number in [-1, 1]; {@link Codebook#FP4}. */
  FP4(DType.UINT4, Codebook.FP4),
  /** 4 bits: a table of 16 numbers in [-1, 1] for each scale, learned from the values. */
  CODEBOOK4(DType.UINT4),
  /** 8 bits: a table of 256 numbers in [-1, 1] for each scale, learned from the values. */
  CODEBOOK8(DType.UINT8);

  private final DType dtype;
  private final int qmin;
  private final int qmax;
  private final Optional<Float8> float8;

  /** Immutable, which only an annotation of Error Prone could tell. */
  @SuppressWarnings("ImmutableEnumChecker")
  private final Optional<Codebook> codebook;

  QuantType(DType dtype, int qmin, int qmax) {
    this.dtype = dtype;
    this.qmin = qmin;
    this.qmax = qmax;
    this.float8 = Optional.empty();
    this.codebook = Optional.empty();
  }

  QuantType(DType dtype, Float8 format) {
    this.dtype = dtype;
    this.qmin = (int) -format.maxFinite();
    this.qmax = (int) format.maxFinite();
    this.float8 = Optional.of(format);
    this.codebook = Optional.empty();
  }

  QuantType(DType dtype) {
    this.dtype = dtype;
    this.qmin = -1;
    this.qmax = 1;
    this.float8 = Optional.empty();
    this.codebook = Optional.empty();
  }

  QuantType(DType dtype, Codebook codebook) {
    this.dtype = dtype;
    this.qmin = -1;
    this.qmax = 1;
    this.float8 = Optional.empty();
    this.codebook = Optional.of(codebook);
  }

  public DType dtype() {
    return dtype;
  }

  /** The lowest number, inclusive. */
  public int qmin() {
    return qmin;
  }

  /** The highest number, inclusive. */
  public int qmax() {
    return qmax;
  }

  public boolean signed() {
    return qmin < 0;
  }

  /** The format of a floating-point type of 8 bits; empty for others. */
  public Optional<Float8> float8() {
    return float8;
  }

  /** The numbers of a type whose codes are indices of a table; empty for others. */
  public Optional<Codebook> codebook() {
    return codebook;
  }

  /** Whether each scale has a table of its own, which its parameters have. */
  public boolean learned() {
    return this == CODEBOOK4 || this == CODEBOOK8;
  }

  /** Whether the numbers are evenly spaced integers, not floating-point or of a table. */
  public boolean isInteger() {
    return float8.isEmpty() && codebook.isEmpty() && !learned() && !dtype.isFloat();
  }
}
