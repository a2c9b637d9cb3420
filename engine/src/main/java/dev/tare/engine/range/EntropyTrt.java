package dev.tare.engine.range;

import dev.tare.engine.histogram.Distribution;

/**
 * The entropy rule of TensorRT's calibrator, as NVIDIA publishes it in pytorch-quantization and
 * Model Optimizer (modelopt/torch/quantization/calib/histogram.py, {@code _compute_amax_entropy}).
 *
 * <p>Given a histogram of |x| in touching bins of one width from 0 it selects NVIDIA's amax to the
 * bit, unless the divergences of two windows differ only by rounding. Any other distribution is
 * first counted on our uniform grid. The range is [-amax, amax], cut to the values.
 *
 * <p>Windows are [0, i) of |x| from 128 cells on, ties go to the larger, and P, Q and their
 * divergence are those of {@link Entropy}. Reproduced peculiarities that {@code Entropy} does not
 * have:
 *
 * <ul>
 *   <li>The first cell's count is overwritten with the second's, to damp the zeros of a ReLU; small
 *       values are lost with it. {@code Entropy} leaves out exact zeros and nothing else.
 *   <li>A window whose last cell is empty is skipped when there are values beyond, so in a thin
 *       tail it is chance which windows count.
 *   <li>The smallest window has 128 cells, whatever the type.
 *   <li>Group boundaries are rounded up, not down.
 *   <li>Zero is in the middle: an asymmetric target spreads [-amax, amax] too, unless all values
 *       have one sign, when it uses all integers (NVIDIA's {@code unsigned}).
 * </ul>
 *
 * <p>Not reproduced: if the first 128 cells or more are empty, as for values around 1, NVIDIA's
 * divergence is NaN, its minimum selects that, and the amax is below every value. Windows with
 * fewer values inside than outside are skipped here. TensorRT's own threshold is not reproduced
 * either: its caches show it half a cell above this edge, up to 2048.5/2048 of the maximum.
 *
 * <p>Two cells are required for each group. Cost: windows times groups; a logarithm each.
 */
public record EntropyTrt() implements RangeSelector {

  private static final int FEWEST_CELLS = 128;

  @Override
  public Range select(Distribution distribution, Target target) {
    Range full = MinMax.full(distribution);
    if (MinMax.settles(full)) {
      return full;
    }
    MinMax.requireHistogram(distribution, name());
    if (UniformGrid.isExact(distribution)) {
      return full;
    }
    int groups = (int) target.magnitudes(full);
    long pairs = 2 * Long.highestOneBit(groups + groups / 2);
    UniformGrid.of(distribution, name()).requireCells(Math.max(FEWEST_CELLS, pairs), full, name());
    PeerHistogram magnitudes = PeerHistogram.ofMagnitudes(distribution, name());
    float limit = magnitudes.edge(best(magnitudes.counts(), groups));
    return MinMax.inside(full, -limit, limit);
  }

  private static int best(long[] counts, int groups) {
    counts[0] = counts[1];
    Divergence divergence = Divergence.roundingUp(counts, groups);
    int last = counts.length;
    while (last > 1 && counts[last - 1] == 0) {
      last--;
    }
    int best = counts.length;
    double least = Double.POSITIVE_INFINITY;
    for (int i = Math.min(FEWEST_CELLS, counts.length); i <= counts.length; i++) {
      boolean endsEmpty = counts[i - 1] == 0 && i < last;
      double value = endsEmpty ? Double.NaN : divergence.of(0, i);
      if (value <= least) {
        least = value;
        best = i;
      }
    }
    return best;
  }

  @Override
  public boolean needsBins() {
    return true;
  }

  @Override
  public String name() {
    return "entropy-trt";
  }
}
