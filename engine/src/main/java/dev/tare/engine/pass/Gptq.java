package dev.tare.engine.pass;

import dev.tare.engine.quant.Granularity;
import dev.tare.engine.quant.Limits;
import dev.tare.engine.quant.QuantParams;
import dev.tare.engine.range.Target;
import dev.tare.engine.statistics.GramMatrix;
import dev.tare.engine.tensor.Shape;
import dev.tare.engine.tensor.Tensor;
import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Rounds the weights of a product so that the errors of its result cancel: the rows of the weight,
 * one for each channel of the input, are rounded one after the other, and the error of each is made
 * up for in those that follow, as far as the channels go together in the inputs that were seen.
 *
 * <p>With {@code H = X^T X + damping * mean(diag) I} and {@code U^T U = H^-1}, U upper triangular,
 * row k is rounded after {@code sum of U_ik e_i} over the earlier rows was subtracted, where {@code
 * e_i} is the error of row i divided by {@code U_ii}. Channels go by falling diagonal of H, equal
 * ones by number. Scales and zero points are given, or those of blocks along the channels are
 * {@link #blockScales found}; for these, blocks go one after the other, by the falling sum of their
 * diagonals, and within each its channels.
 *
 * <p>Law: the result is a function of Gram matrix, factors, damping, weight and scales, to the bit.
 * Sums are float64 in a fixed order. One object serves all weights that multiply the same input.
 * Memory: 8 bytes for each element of the matrix, and 8 for each of a weight.
 *
 * @see <a href="https://arxiv.org/abs/2210.17323">Frantar et al., GPTQ, section 3; the order is the
 *     {@code act-order} of its reference implementation</a>
 */
public final class Gptq {

  private final double[] means;
  private final int[] order;
  private final int block;
  private final InverseFactor factor;

  private Gptq(double[] means, int[] order, int block, InverseFactor factor) {
    this.means = means;
    this.order = order;
    this.block = block;
    this.factor = factor;
  }

  /**
   * Prepares the weights' solution. Costs two thirds of the cube of the channels in products.
   *
   * @param gram of the input
   * @param factors by which the channels of the input are multiplied before the product; empty for
   *     none
   * @param damping added to the diagonal, as a part of its mean; positive
   * @throws IllegalArgumentException if there is not one factor for each channel, only the diagonal
   *     of the matrix is known, or it cannot be inverted with this damping
   */
  public static Gptq of(GramMatrix gram, List<Float> factors, double damping) {
    return of(gram, factors, List.of(), damping, false, 1);
  }

  /**
   * The same, for results of which only differences from their mean count.
   *
   * @param offsets of the channels, added behind the factors; none for no offsets
   * @param centred whether something else takes up the {@link #meanShift}
   * @param block channels that share scales, one after the other; 1 if none do
   */
  public static Gptq of(
      GramMatrix gram,
      List<Float> factors,
      List<Float> offsets,
      double damping,
      boolean centred,
      int block) {
    int n = gram.channels();
    if (!factors.isEmpty() && factors.size() != n) {
      throw new IllegalArgumentException(
          "Gram matrix of tensor '%s': %d channels, but %d factors"
              .formatted(gram.tensor(), n, factors.size()));
    }
    if (gram.diagonal()) {
      throw new IllegalArgumentException(
          "Of the Gram matrix of tensor '%s' there is only the diagonal".formatted(gram.tensor()));
    }
    double[] scales = new double[n];
    double[] means = new double[n];
    double[] shifts = new double[n];
    double[] diagonal = new double[n];
    double sum = 0;
    for (int j = 0; j < n; j++) {
      scales[j] = factors.isEmpty() ? 1 : factors.get(j);
      shifts[j] = offsets.isEmpty() ? 0 : offsets.get(j);
      means[j] = gram.mean(j) * scales[j] + shifts[j];
      diagonal[j] =
          gram.product(j, j) * scales[j] * scales[j]
              + gram.count() * shifts[j] * (2 * means[j] - shifts[j]);
      if (centred) {
        diagonal[j] = Math.max(0, diagonal[j] - gram.count() * means[j] * means[j]);
      }
      sum += diagonal[j];
    }
    // Without any values every error counts alike, and each weight is rounded by itself.
    double added = sum > 0 ? damping * (sum / n) : 1;
    int[] order = order(diagonal, block);
    InverseFactor.Elements elements =
        (a, b) -> {
          int i = order[a];
          int j = order[b];
          if (i == j) {
            return diagonal[i] + added;
          }
          double product = gram.product(Math.min(i, j), Math.max(i, j)) * scales[i] * scales[j];
          // The sum of (x_i + o_i)(x_j + o_j), with means of the shifted values.
          product +=
              gram.count() * (shifts[i] * means[j] + shifts[j] * means[i] - shifts[i] * shifts[j]);
          return centred ? product - gram.count() * means[i] * means[j] : product;
        };
    return new Gptq(
        means,
        order,
        block,
        InverseFactor.of(n, elements)
            .orElseThrow(
                () ->
                    new IllegalArgumentException(
                        "The Gram matrix of tensor '%s' cannot be inverted with damping %s: raise it"
                            .formatted(gram.tensor(), damping))));
  }

  private static int[] order(double[] diagonal, int block) {
    double[] sums = new double[(diagonal.length + block - 1) / block];
    for (int j = 0; j < diagonal.length; j++) {
      sums[j / block] += diagonal[j];
    }
    return IntStream.range(0, diagonal.length)
        .boxed()
        .sorted(
            Comparator.<Integer>comparingDouble(j -> -sums[j / block])
                .thenComparing(j -> j / block)
                .thenComparingDouble(j -> -diagonal[j])
                .thenComparing(j -> j))
        .mapToInt(j -> j)
        .toArray();
  }

  /** Number of channels of the input. */
  public int channels() {
    return order.length;
  }

  /**
   * Rounds a weight.
   *
   * @param weight FLOAT32 matrix of finite values; or of a convolution {@code [M, C, ...]}, whose
   *     results are sums over all axes but the first
   * @param inputAxis its axis over which products are summed; 1 for a convolution
   * @param params row-major in {@link Granularity#paramsShape}
   * @return the values of the integers that were chosen, which {@link
   *     dev.tare.engine.quant.Quantizer} turns into just these
   * @throws IllegalArgumentException if the weight's size on that axis is not that of the input
   */
  public Tensor solve(
      Tensor weight,
      int inputAxis,
      List<QuantParams> params,
      Granularity granularity,
      Limits limits) {
    Shape shape = matrix(weight, inputAxis, order.length);
    GptqGrid grid = new GptqGrid(weight.floats(), shape, inputAxis, granularity, limits);
    for (int p = 0; p < params.size(); p++) {
      grid.set(p, params.get(p));
    }
    float[] solved = new float[Math.toIntExact(shape.size())];
    round(grid, solved, (first, rows, counts) -> {});
    return Tensor.ofFloats(weight.shape(), solved);
  }

  /**
   * Finds the scales of a matrix's blocks along the channels of the input, each when the rounding
   * reaches it, with what earlier errors added to its values: of 25 parts of their extremes the one
   * with the least squared error, row k counted by {@code 1 / U_kk^2}.
   *
   * @param weight FLOAT32 matrix of finite values
   * @param inputAxis its axis over which products are summed
   * @param target whose integers the values become
   * @return row-major in the {@link Granularity#paramsShape} of blocks along that axis; {@link
   *     #solve} with these gives the integers for which they were chosen
   * @throws IllegalArgumentException if the weight's size on that axis is not that of the input
   */
  public List<QuantParams> blockScales(Tensor weight, int inputAxis, Target target) {
    Shape shape = matrix(weight, inputAxis, order.length);
    Granularity blocks = Granularity.perBlock(inputAxis, block);
    GptqGrid grid = new GptqGrid(weight.floats(), shape, inputAxis, blocks, target.limits());
    QuantParams[] found = new QuantParams[Math.toIntExact(blocks.paramsShape(shape).size())];
    round(
        grid,
        new float[Math.toIntExact(shape.size())],
        (first, rows, counts) -> {
          for (int n = 0; n < rows[0].length; n++) {
            int p = grid.index(order[first], n);
            found[p] = BlockScale.of(rows, counts, n, target).params();
            grid.set(p, found[p]);
          }
        });
    return Arrays.asList(found);
  }

  /**
   * The shape of a weight as a matrix.
   *
   * @param channels of the input
   */
  static Shape matrix(Tensor weight, int inputAxis, int channels) {
    boolean patches = weight.shape().rank() > 2 && inputAxis == 1;
    long results = weight.shape().dim(0);
    Shape shape = patches ? Shape.of(results, weight.shape().size() / results) : weight.shape();
    if (shape.rank() != 2 || shape.dim(inputAxis) != channels) {
      throw new IllegalArgumentException(
          "%d channels, but a weight of shape %s".formatted(channels, weight.shape()));
    }
    return shape;
  }

  /** Sees the rows of a block, in the order in which they will be rounded, before any is. */
  private interface Reached {

    /**
     * @param first place of the first one in this order
     * @param rows their values
     * @param counts how much the error of each counts
     */
    void block(int first, double[][] rows, double[] counts);
  }

  private void round(GptqGrid grid, float[] solved, Reached reached) {
    double[][] errors = new double[order.length][];
    int end;
    for (int start = 0; start < order.length; start = end) {
      int begun = order[start] / block * block;
      end = start + Math.min(block, order.length - begun);
      double[] counts = new double[end - start];
      for (int k = start; k < end; k++) {
        errors[k] = grid.row(order[k]);
        subtract(errors, 0, start, k);
        counts[k - start] = 1 / (factor.get(k, k) * factor.get(k, k));
      }
      reached.block(start, Arrays.copyOfRange(errors, start, end), counts);
      for (int k = start; k < end; k++) {
        subtract(errors, start, k, k);
        grid.round(errors[k], order[k], factor.get(k, k), solved);
      }
    }
  }

  /** Subtracts from row k what earlier ones passed on. */
  private void subtract(double[][] rows, int from, int to, int k) {
    for (int i = from; i < to; i++) {
      subtract(rows[k], rows[i], factor.get(i, k));
    }
  }

  /**
   * What rounding takes from the mean of each result of a convolution: the sum of what it takes
   * from each weight times the mean of what that multiplies, in the order of the weight.
   *
   * @param weight {@code [M, C, ...]}
   * @param solved its rounded values
   */
  public double[] meanShift(Tensor weight, Tensor solved) {
    FloatBuffer before = weight.floats();
    FloatBuffer after = solved.floats();
    double[] shift = new double[Math.toIntExact(weight.shape().dim(0))];
    for (int m = 0; m < shift.length; m++) {
      for (double mean : means) {
        shift[m] += ((double) before.get() - after.get()) * mean;
      }
    }
    return shift;
  }

  private static void subtract(double[] row, double[] errors, double factor) {
    for (int n = 0; n < row.length; n++) {
      row[n] -= errors[n] * factor;
    }
  }
}
