package dev.tare.engine.recipe;

import dev.tare.engine.quant.Granularity;
import dev.tare.engine.tensor.Shape;
import java.nio.FloatBuffer;

/**
 * The values of a weight that share a scale, one scale after another.
 *
 * <p>A tensor is seen as [outer, axis, inner]; scales are row-major in {@link
 * Granularity#paramsShape}.
 */
final class WeightRuns {

  private final int outer;
  private final int length;
  private final int inner;
  private final int block;
  private final boolean blocked;

  private WeightRuns(int outer, int length, int inner, int block, boolean blocked) {
    this.outer = outer;
    this.length = length;
    this.inner = inner;
    this.block = block;
    this.blocked = blocked;
  }

  /**
   * @throws IllegalArgumentException if the shape has no such axis
   */
  static WeightRuns of(Shape shape, Granularity granularity) {
    int size = Math.toIntExact(shape.size());
    if (granularity.axis().isEmpty()) {
      return new WeightRuns(1, size, 1, size, true);
    }
    int axis = shape.normalizeAxis(granularity.axis().getAsInt());
    int length = Math.toIntExact(shape.dim(axis));
    int inner = Math.toIntExact(shape.stride(axis));
    int outer = size / Math.max(1, length * inner);
    boolean blocked = granularity.blockSize().isPresent();
    return new WeightRuns(outer, length, inner, granularity.blockSize().orElse(1), blocked);
  }

  /** How many scales there are. */
  int count() {
    return blocked ? outer * blocks() * inner : length;
  }

  private int blocks() {
    return (length + block - 1) / block;
  }

  /** Copies the values of a scale, in the tensor's order. */
  float[] values(FloatBuffer all, int scale) {
    if (blocked) {
      int i = scale % inner;
      int b = scale / inner % blocks();
      int o = scale / inner / blocks();
      int from = b * block;
      float[] values = new float[Math.min(block, length - from)];
      for (int k = 0; k < values.length; k++) {
        values[k] = all.get((o * length + from + k) * inner + i);
      }
      return values;
    }
    float[] values = new float[outer * inner];
    for (int o = 0; o < outer; o++) {
      all.get((o * length + scale) * inner, values, o * inner, inner);
    }
    return values;
  }
}
