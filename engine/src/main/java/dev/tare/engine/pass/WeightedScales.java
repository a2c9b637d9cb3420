package dev.tare.engine.pass;

import dev.tare.engine.quant.Granularity;
import dev.tare.engine.quant.QuantParams;
import dev.tare.engine.range.Target;
import dev.tare.engine.statistics.GramMatrix;
import dev.tare.engine.tensor.Shape;
import dev.tare.engine.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;

/**
 * Finds scales of a product's weights that lose least in its results, by what its input has of each
 * channel: of 25 parts of the extremes the one with the least {@code sum of E[x_k^2] e_k^2}, where
 * {@code e_k} is the error of a weight that multiplies channel k, rounded to nearest.
 *
 * <p>It needs only the diagonal of the input's Gram matrix, and is exact where channels do not go
 * together. Law: the result is a function of the diagonal, factors, offsets, weight and target, to
 * the bit; sums are float64 in a fixed order. Costs 26 roundings of a weight, and 16 bytes for each
 * of its values.
 *
 * @see <a href="https://arxiv.org/abs/2306.00978">Lin et al., AWQ, section 3.2, for clipping by the
 *     inputs' size</a>
 */
public final class WeightedScales {

  private final double[] counts;

  private WeightedScales(double[] counts) {
    this.counts = counts;
  }

  /**
   * Prepares the search.
   *
   * @param gram of the input, or its diagonal
   * @param factors by which the channels of the input are multiplied before the product; empty for
   *     none
   * @param offsets of the channels, added behind the factors; empty for none
   * @throws IllegalArgumentException if there is not one factor for each channel
   */
  public static WeightedScales of(GramMatrix gram, List<Float> factors, List<Float> offsets) {
    int n = gram.channels();
    if (!factors.isEmpty() && factors.size() != n) {
      throw new IllegalArgumentException(
          "Gram matrix of tensor '%s': %d channels, but %d factors"
              .formatted(gram.tensor(), n, factors.size()));
    }
    double[] counts = new double[n];
    for (int k = 0; k < n; k++) {
      double factor = factors.isEmpty() ? 1 : factors.get(k);
      double shift = offsets.isEmpty() ? 0 : offsets.get(k);
      // The sum of (f x + o)^2.
      counts[k] =
          gram.product(k, k) * factor * factor
              + gram.count() * shift * (2 * gram.mean(k) * factor + shift);
    }
    return new WeightedScales(counts);
  }

  /**
   * Finds the scales of one weight.
   *
   * @param weight FLOAT32 matrix of finite values; or of a convolution {@code [M, C, ...]}
   * @param inputAxis its axis over which products are summed; 1 for a convolution
   * @param target whose integers the values become
   * @return row-major in {@link Granularity#paramsShape}
   * @throws IllegalArgumentException if the weight's size on that axis is not that of the input
   */
  public List<QuantParams> find(
      Tensor weight, int inputAxis, Target target, Granularity granularity) {
    Shape shape = Gptq.matrix(weight, inputAxis, counts.length);
    GptqGrid grid = new GptqGrid(weight.floats(), shape, inputAxis, granularity, target.limits());
    int columns = Math.toIntExact(shape.dim(1 - inputAxis));
    int[] sizes = new int[Math.toIntExact(granularity.paramsShape(shape).size())];
    for (int k = 0; k < counts.length; k++) {
      for (int n = 0; n < columns; n++) {
        sizes[grid.index(k, n)]++;
      }
    }
    double[][] values = new double[sizes.length][];
    double[][] weighted = new double[sizes.length][];
    for (int p = 0; p < sizes.length; p++) {
      values[p] = new double[sizes[p]];
      weighted[p] = new double[sizes[p]];
    }
    for (int k = counts.length - 1; k >= 0; k--) {
      double[] row = grid.row(k);
      for (int n = columns - 1; n >= 0; n--) {
        int p = grid.index(k, n);
        int at = --sizes[p];
        values[p][at] = row[n];
        weighted[p][at] = counts[k];
      }
    }
    List<QuantParams> found = new ArrayList<>(sizes.length);
    for (int p = 0; p < sizes.length; p++) {
      found.add(BlockScale.of(values[p], weighted[p], target).params());
    }
    return found;
  }
}
