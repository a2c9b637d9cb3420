package dev.tare.engine.quant;

/**
 * The integers that may be produced, both ends included.
 *
 * <pre>
 *                    INT8         UINT8     INT4     UINT4    other integers
 * full               -128..127    0..255    -8..7    0..15    qmin..qmax
 * narrow             -127..127    1..255    -7..7    1..15    qmin+1..qmax
 * reduced (7 bit)     -64..64     0..127    refused  refused  refused
 * reduced, narrow     -64..64     1..127    refused  refused  refused
 * </pre>
 *
 * <p>A floating-point type has only full limits, its lowest and highest finite number; its narrow
 * range is the same.
 *
 * <p>A runtime that executes QuantizeLinear saturates to the full limits, whatever limits the scale
 * was computed for: predict activations with the full limits. A weight is quantized here, and its
 * guarantee (narrow for kernels that negate, reduced for processors whose 8-bit products saturate)
 * is kept only if values outside the range saturate to its own limits.
 *
 * @param qmin lowest integer
 * @param qmax highest integer, above qmin
 */
public record Limits(int qmin, int qmax) {

  /**
   * Checks that there are at least two integers.
   *
   * @throws IllegalArgumentException if there are fewer than two integers
   */
  public Limits {
    if (qmin >= qmax) {
      throw new IllegalArgumentException("Invalid limits: " + qmin + ".." + qmax);
    }
  }

  /** All integers of a type. */
  public static Limits of(QuantType type) {
    return new Limits(type.qmin(), type.qmax());
  }

  /**
   * Returns the limits of a type with a narrow or reduced range, as in the table.
   *
   * @throws IllegalArgumentException if a reduced range is requested for a type other than 8-bit
   *     integers
   */
  public static Limits of(QuantType type, boolean narrowRange, boolean reduceRange) {
    Limits limits = of(type);
    if (reduceRange) {
      if (!type.isInteger() || type.dtype().bits() != 8) {
        throw new IllegalArgumentException("Cannot reduce the range of " + type + " to 7 bits");
      }
      limits = type.signed() ? new Limits(-64, 64) : new Limits(0, 127);
    }
    boolean mirrored = limits.qmin == -limits.qmax;
    return narrowRange && !mirrored ? new Limits(limits.qmin + 1, limits.qmax) : limits;
  }

  /** Number of integers; for a floating-point type this is not the number of its codes. */
  public long levels() {
    return (long) qmax - qmin + 1;
  }
}
