package dev.tare.engine.pass;

import dev.tare.engine.quant.Granularity;
import dev.tare.engine.quant.Limits;
import dev.tare.engine.quant.QuantParams;
import dev.tare.engine.statistics.GramMatrix;
import dev.tare.engine.tensor.Shape;
import dev.tare.engine.tensor.Tensor;
import java.nio.FloatBuffer;
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
 * ones by number. Scales and zero points are given and stay as they are.
 *
 * <p>Law: the result is a function of Gram matrix, factors, damping, weight and scales, to the bit.
 * Sums are float64 in a fixed order. One object serves all weights that multiply the same input.
 * Memory: 4 bytes for each element of the matrix, and 8 for each of a weight.
 *
 * @see <a href="https://arxiv.org/abs/2210.17323">Frantar et al., GPTQ, section 3; the order is the
 *     {@code act-order} of its reference implementation</a>
 */
public final class Gptq {

  private final double[] means;
  private final int[] order;
  private final UpperTriangle factor;

  private Gptq(double[] means, int[] order, UpperTriangle factor) {
    this.means = means;
    this.order = order;
    this.factor = factor;
  }

  /**
   * Prepares the weights' solution. Costs a third of the cube of the channels in products.
   *
   * @param gram of the input
   * @param factors by which the channels of the input are multiplied before the product; empty for
   *     none
   * @param damping added to the diagonal, as a part of its mean; positive
   * @throws IllegalArgumentException if there is not one factor for each channel, or the matrix
   *     cannot be inverted with this damping
   */
  public static Gptq of(GramMatrix gram, List<Float> factors, double damping) {
    return of(gram, factors, damping, false);
  }

  /**
   * The same, for results of which only differences from their mean count.
   *
   * @param centred whether something else takes up the {@link #meanShift}
   */
  public static Gptq of(GramMatrix gram, List<Float> factors, double damping, boolean centred) {
    int n = gram.channels();
    if (!factors.isEmpty() && factors.size() != n) {
      throw new IllegalArgumentException(
          "Gram matrix of tensor '%s': %d channels, but %d factors"
              .formatted(gram.tensor(), n, factors.size()));
    }
    double[] scales = new double[n];
    double[] means = new double[n];
    double[] diagonal = new double[n];
    double sum = 0;
    for (int j = 0; j < n; j++) {
      scales[j] = factors.isEmpty() ? 1 : factors.get(j);
      means[j] = gram.mean(j) * scales[j];
      diagonal[j] = gram.product(j, j) * scales[j] * scales[j];
      if (centred) {
        diagonal[j] = Math.max(0, diagonal[j] - gram.count() * means[j] * means[j]);
      }
      sum += diagonal[j];
    }
    // Without any values every error counts alike, and each weight is rounded by itself.
    double added = sum > 0 ? damping * (sum / n) : 1;
    int[] order =
        IntStream.range(0, n)
            .boxed()
            .sorted(Comparator.<Integer>comparingDouble(j -> -diagonal[j]).thenComparing(j -> j))
            .mapToInt(j -> j)
            .toArray();
    UpperTriangle matrix = new UpperTriangle(n);
    for (int a = 0; a < n; a++) {
      for (int b = a; b < n; b++) {
        int i = order[a];
        int j = order[b];
        double product = gram.product(Math.min(i, j), Math.max(i, j)) * scales[i] * scales[j];
        if (centred) {
          product -= gram.count() * means[i] * means[j];
        }
        matrix.set(a, b, a == b ? diagonal[i] + added : product);
      }
    }
    return new Gptq(
        means,
        order,
        matrix
            .inverseFactor()
            .orElseThrow(
                () ->
                    new IllegalArgumentException(
                        "The Gram matrix of tensor '%s' cannot be inverted with damping %s: raise it"
                            .formatted(gram.tensor(), damping))));
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
    boolean patches = weight.shape().rank() > 2 && inputAxis == 1;
    long results = weight.shape().dim(0);
    Shape shape = patches ? Shape.of(results, weight.shape().size() / results) : weight.shape();
    if (shape.rank() != 2 || shape.dim(inputAxis) != order.length) {
      throw new IllegalArgumentException(
          "%d channels, but a weight of shape %s".formatted(order.length, weight.shape()));
    }
    Grid grid = new Grid(shape, inputAxis, params, granularity, limits);
    FloatBuffer values = weight.floats();
    float[] solved = new float[Math.toIntExact(shape.size())];
    double[][] errors = new double[order.length][];
    for (int k = 0; k < order.length; k++) {
      double[] row = grid.row(values, order[k]);
      for (int i = 0; i < k; i++) {
        subtract(row, errors[i], factor.get(i, k));
      }
      grid.round(row, order[k], factor.get(k, k), solved);
      errors[k] = row;
    }
    return Tensor.ofFloats(weight.shape(), solved);
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

  /** Where the numbers of a weight are, and the integers that each may become. */
  private static final class Grid {

    private final int columns;
    private final int channelStride;
    private final int columnStride;
    private final int[] channelParams;
    private final int[] columnParams;
    private final double[] scales;
    private final float[] steps;
    private final int[] zeroPoints;
    private final Limits limits;

    Grid(
        Shape shape,
        int inputAxis,
        List<QuantParams> params,
        Granularity granularity,
        Limits limits) {
      this.limits = limits;
      this.columns = Math.toIntExact(shape.dim(1 - inputAxis));
      this.channelStride = (int) shape.stride(inputAxis);
      this.columnStride = (int) shape.stride(1 - inputAxis);
      Shape own = granularity.paramsShape(shape);
      channelParams = indexes(shape, own, inputAxis, granularity);
      columnParams = indexes(shape, own, 1 - inputAxis, granularity);
      scales = new double[params.size()];
      steps = new float[params.size()];
      zeroPoints = new int[params.size()];
      for (int p = 0; p < scales.length; p++) {
        steps[p] = params.get(p).scale();
        scales[p] = steps[p];
        zeroPoints[p] = params.get(p).zeroPoint();
      }
    }

    /** What an index on an axis adds to the place of the parameters. */
    private static int[] indexes(Shape shape, Shape own, int axis, Granularity granularity) {
      int[] indexes = new int[Math.toIntExact(shape.dim(axis))];
      boolean along = granularity.axis().isPresent() && granularity.axis().getAsInt() == axis;
      boolean blocks = granularity.blockSize().isPresent();
      if (along || blocks) {
        int size = along ? granularity.blockSize().orElse(1) : 1;
        int stride = own.rank() == 1 ? 1 : (int) own.stride(axis);
        for (int i = 0; i < indexes.length; i++) {
          indexes[i] = i / size * stride;
        }
      }
      return indexes;
    }

    double[] row(FloatBuffer values, int channel) {
      double[] row = new double[columns];
      for (int n = 0; n < columns; n++) {
        row[n] = values.get(channel * channelStride + n * columnStride);
      }
      return row;
    }

    /** Writes the rounded values, and leaves the errors, divided, in the row. */
    void round(double[] row, int channel, double divisor, float[] solved) {
      for (int n = 0; n < columns; n++) {
        int p = channelParams[channel] + columnParams[n];
        double code = Math.rint(row[n] / scales[p]) + zeroPoints[p];
        int kept = (int) Math.max(limits.qmin(), Math.min(limits.qmax(), code)) - zeroPoints[p];
        solved[channel * channelStride + n * columnStride] = kept * steps[p];
        row[n] = (row[n] - kept * scales[p]) / divisor;
      }
    }
  }
}
