package dev.tare.engine.range;

import dev.tare.engine.histogram.Distribution;
import dev.tare.engine.quant.ScaleRule;

/**
 * The range whose quantized values lose the least information: Kullback-Leibler divergence between
 * the clipped distribution and what its integers can express (S. Migacz, 8-bit inference with
 * TensorRT, GTC 2017, s7310).
 *
 * <p>On a uniform grid, for each window of cells that contains 0: the reference P is the counts
 * inside plus all values outside in the window's edge cells; Q is only the counts inside, summed
 * into one group for each integer and spread evenly over the group's cells where P is not 0. A
 * group without counts where P has outliers makes the divergence infinite, and so do more values
 * outside than inside: the first filled cell of values around 1 would express all of them. The
 * least divergence wins, ties go to the larger window. The selected ends are the window's outer
 * edges, cut to the extremes.
 *
 * <p>Symmetric: cells of |x|, windows [0, i), half the type's integers (128 for 8 bits).
 * Asymmetric: windows [-i, i) cut to the cells seen, all the type's integers, so one-sided data
 * gets a one-sided range.
 *
 * <p>Exact zeros are left out: every scale represents them, so they do not affect the choice, and
 * the spike of zeros after a ReLU would hide everything else. NVIDIA overwrites the first cell with
 * the second instead. Further differences: groups are equal in cells to within one; ONNX Runtime's
 * windows are lopsided, its quotients are truncated, it adds 1e-4 of a count to empty cells and
 * ties go to the smaller window ({@link EntropyOrt}); NVIDIA skips every window that ends in an
 * empty cell ({@link EntropyTrt}). Two cells are required for each integer, 512 for 8 bits.
 *
 * <p>Cost: windows times integers; a logarithm each.
 */
public record Entropy() implements RangeSelector {

  @Override
  public Range select(Distribution distribution, Target target) {
    Range full = MinMax.full(distribution);
    ScaleRule rule = target.rule();
    boolean degenerate = full.magnitude() / rule.limits().levels() < Float.MIN_NORMAL;
    if (MinMax.settles(full) || degenerate) {
      return full;
    }
    MinMax.requireHistogram(distribution, name());
    if (UniformGrid.isExact(distribution)) {
      return full;
    }
    UniformGrid grid = UniformGrid.of(distribution, name());
    long levels = rule.limits().levels();
    grid.requireCells(2 * Long.highestOneBit(levels + levels / 2), full, name());
    return target.symmetric() ? symmetric(grid, full, rule) : asymmetric(grid, full, rule);
  }

  @Override
  public boolean needsBins() {
    return true;
  }

  @Override
  public String name() {
    return "entropy";
  }

  private static Range symmetric(UniformGrid grid, Range full, ScaleRule rule) {
    long[] counts = new long[grid.cells()];
    for (int i = 0; i < counts.length; i++) {
      counts[i] = grid.negative(i) + grid.positive(i);
    }
    Divergence divergence =
        Divergence.roundingDown(counts, (int) ((rule.limits().levels() + 1) / 2));
    int best = counts.length;
    double least = Double.POSITIVE_INFINITY;
    for (int i = divergence.groups(); i <= counts.length; i++) {
      double value = divergence.of(0, i);
      if (value <= least) {
        least = value;
        best = i;
      }
    }
    double limit = best * grid.width();
    return MinMax.inside(full, -limit, limit);
  }

  private static Range asymmetric(UniformGrid grid, Range full, ScaleRule rule) {
    int zero = grid.negativeCells();
    long[] counts = new long[zero + grid.positiveCells()];
    for (int i = 0; i < counts.length; i++) {
      counts[i] = i < zero ? grid.negative(zero - 1 - i) : grid.positive(i - zero);
    }
    Divergence divergence = Divergence.roundingDown(counts, (int) rule.limits().levels());
    int best = grid.cells();
    double least = Double.POSITIVE_INFINITY;
    for (int i = 1; i <= grid.cells(); i++) {
      int from = Math.max(0, zero - i);
      int to = Math.min(counts.length, zero + i);
      double value = to - from < divergence.groups() ? Double.NaN : divergence.of(from, to);
      if (value <= least) {
        least = value;
        best = i;
      }
    }
    double limit = best * grid.width();
    return MinMax.inside(full, -limit, limit);
  }
}
