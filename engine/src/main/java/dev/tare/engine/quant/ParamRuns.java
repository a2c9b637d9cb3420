package dev.tare.engine.quant;

import dev.tare.engine.tensor.Shape;
import java.util.List;

/**
 * Walks a flat row-major piece of a tensor as runs of values that share a parameter, or, if
 * neighbours never do, of values with neighbouring parameters.
 */
final class ParamRuns {

  /**
   * Maximum number of values of a chunk; even, so that chunks of 4-bit codes end on whole bytes.
   */
  static final int CHUNK = 4096;

  /** Does the work over indices [from, to) of a chunk, by parameters from {@code param} on. */
  @FunctionalInterface
  interface Run {
    boolean apply(Kernel kernel, int param, int from, int to);
  }

  private final Kernel kernel;
  private final long length;
  private final long inner;
  private final long block;
  private long at;

  /**
   * @param length indices along the axis, 1 without one
   * @param inner values from one index along the axis to the next
   * @param block indices of a block along the axis, if rows have their own parameters; 0 if rows
   *     share them
   */
  private ParamRuns(Kernel kernel, long length, long inner, long block, long at) {
    this.kernel = kernel;
    this.length = length;
    this.inner = inner;
    this.block = block;
    this.at = at;
  }

  /**
   * Creates a walk over a piece.
   *
   * @param offset flat index of the first value
   * @param values number of values
   * @throws IllegalArgumentException if parameters do not match the granularity, mix types, or the
   *     piece is outside the shape
   */
  static ParamRuns of(
      Shape shape,
      List<QuantParams> params,
      Granularity granularity,
      Limits limits,
      Rounding rounding,
      long offset,
      long values) {
    if (params.isEmpty()) {
      throw new IllegalArgumentException("Cannot quantize without parameters");
    }
    long wanted = granularity.paramsShape(shape).size();
    if (params.size() != wanted) {
      throw new IllegalArgumentException(
          "Cannot quantize shape %s %s: %d scales vs %d parameters"
              .formatted(shape, granularity, wanted, params.size()));
    }
    if (offset < 0 || values < 0 || offset > shape.size() - values) {
      throw new IllegalArgumentException(
          "Cannot quantize %d values at %d of shape %s: only %d values"
              .formatted(values, offset, shape, shape.size()));
    }
    boolean one = wanted == 1;
    int axis = granularity.axis().orElse(0);
    long length = one ? 1 : shape.dim(axis);
    long inner = one ? Math.max(shape.size(), 1) : Math.max(shape.stride(axis), 1);
    long block = one ? 0 : granularity.blockSize().orElse(0);
    boolean neighbours = !one && (block == 0) == (inner == 1);
    Kernel kernel = Kernel.of(params, limits, rounding, neighbours);
    return new ParamRuns(kernel, length, inner, block, offset);
  }

  /** Processes the next {@code values} values, one chunk; false if any run returned false. */
  boolean next(int values, Run run) {
    boolean all = true;
    int from = 0;
    while (from < values) {
      long row = at / inner;
      int to = (int) Math.min(values, from + left(row));
      all &= run.apply(kernel, param(row), from, to);
      at += to - from;
      from = to;
    }
    return all;
  }

  private int param(long row) {
    if (block == 0) {
      return (int) (row % length);
    }
    long blocks = (length + block - 1) / block;
    return (int) ((row / length * blocks + row % length / block) * inner + at % inner);
  }

  /** Values up to the end of the run. */
  private long left(long row) {
    if (inner > 1) {
      return inner - at % inner;
    }
    long index = row % length;
    return block == 0 ? length - index : Math.min(block - index % block, length - index);
  }
}
