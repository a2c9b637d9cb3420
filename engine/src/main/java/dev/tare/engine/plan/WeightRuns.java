package dev.tare.engine.plan;

import dev.tare.engine.quant.Granularity;
import dev.tare.engine.tensor.Shape;
import java.nio.FloatBuffer;

/**
 * The values of a weight that share a scale, one scale after another.
 *
 * <p>A tensor is viewed as [outer, axis, inner]; scales are row-major in {@link
 * Granularity#paramsShape}.
 */
final class WeightRuns {

  private static final int TILE_VALUES = 1 << 22;

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
   * @throws IllegalArgumentException if the shape lacks the axis
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

  /** Number of scales. */
  int count() {
    return blocked ? outer * blocks() * inner : length;
  }

  private int blocks() {
    return (length + block - 1) / block;
  }

  /**
   * Copies the values of some scales, each in the tensor's order: as many adjacent ones as fit
   * {@value #TILE_VALUES} values. The values of a scale may be far apart; with one scale at a time,
   * a weight mapped from a file would be read once per scale.
   *
   * @param first the scale to begin with, below {@link #count}
   * @return one array for each scale, at least one
   */
  float[][] tile(FloatBuffer all, int first) {
    if (!blocked) {
      int scales = Math.min(length - first, scalesOfTile(outer * inner));
      float[][] tile = new float[scales][outer * inner];
      float[] row = new float[scales * inner];
      for (int o = 0; o < outer; o++) {
        all.get((o * length + first) * inner, row);
        for (int c = 0; c < scales; c++) {
          System.arraycopy(row, c * inner, tile[c], o * inner, inner);
        }
      }
      return tile;
    }
    int i = first % inner;
    int from = first / inner % blocks() * block;
    int o = first / inner / blocks();
    int values = Math.min(block, length - from);
    int scales = Math.min(inner - i, scalesOfTile(values));
    float[][] tile = new float[scales][values];
    float[] row = new float[scales];
    for (int k = 0; k < values; k++) {
      int at = (o * length + from + k) * inner + i;
      if (scales == 1 && inner == 1) {
        all.get(at, tile[0]);
        break;
      }
      all.get(at, row);
      for (int c = 0; c < scales; c++) {
        tile[c][k] = row[c];
      }
    }
    return tile;
  }

  private static int scalesOfTile(int valuesOfScale) {
    return Math.max(1, TILE_VALUES / Math.max(1, valuesOfScale));
  }
}
