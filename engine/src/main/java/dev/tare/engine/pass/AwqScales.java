package dev.tare.engine.pass;

import dev.tare.engine.range.Target;
import dev.tare.engine.tensor.Shape;
import dev.tare.engine.tensor.Tensor;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * Scales channels of an input down and the rows of the weights that multiply it up where the input
 * is large, so that these rows lose less when weights are rounded in blocks.
 *
 * <p>Channel j is divided by {@code s_j = rms_j^alpha}, over the geometric mean of all; of the
 * alphas 0, .25, .5 and .75 the one with the least {@code sum over j of E[x_j^2] / s_j^2 * sum over
 * n of e_jn^2}, where e are the errors of the scaled weights rounded to nearest, with the scales of
 * blocks that are best for this sum. It needs only the diagonal of the input's Gram matrix.
 *
 * <p>Root mean squares below 2^-14 of the largest count as that. Sums are float64 in a fixed order
 * and powers are of {@link StrictMath}, so equal arguments give equal bits on any machine.
 *
 * @see <a href="https://arxiv.org/abs/2306.00978">Lin et al., AWQ, section 3.2; there the grid has
 *     20 alphas and the error is that of the product on samples</a>
 */
public final class AwqScales {

  private static final double[] ALPHAS = {0, .25, .5, .75};
  private static final double LEAST = 0x1p-14;

  private AwqScales() {}

  /**
   * A weight that multiplies the input.
   *
   * @param weight matrix of finite FLOAT32 values
   * @param inputAxis its axis over which products are summed
   * @param target whose integers its values become
   * @param block values along that axis that share a scale; all of them if it is larger
   */
  public record Product(Tensor weight, int inputAxis, Target target, int block) {}

  /**
   * What was chosen.
   *
   * @param alpha above 0
   * @param factors of the input's channels, the inverse of s
   */
  public record Choice(double alpha, List<Float> factors) {

    public Choice {
      factors = List.copyOf(factors);
    }
  }

  /**
   * Chooses the factors of an input. Costs a hundred roundings of each weight.
   *
   * @param meanSquares of the input's channels
   * @return empty if no factors are best, or the input was always zero
   * @throws IllegalArgumentException if a weight has another number of rows
   */
  public static Optional<Choice> choose(double[] meanSquares, List<Product> products) {
    double most = Arrays.stream(meanSquares).max().orElse(0);
    if (!(most > 0)) {
      return Optional.empty();
    }
    Choice best = new Choice(0, List.of());
    double least = Double.POSITIVE_INFINITY;
    for (double alpha : ALPHAS) {
      List<Float> factors = factors(meanSquares, most, alpha);
      double error = 0;
      for (Product product : products) {
        error += error(product, meanSquares, factors);
      }
      if (error < least) {
        least = error;
        best = new Choice(alpha, factors);
      }
    }
    return Optional.of(best).filter(choice -> choice.alpha() > 0);
  }

  private static List<Float> factors(double[] meanSquares, double most, double alpha) {
    double[] scales = new double[meanSquares.length];
    double logs = 0;
    for (int j = 0; j < scales.length; j++) {
      double rms = Math.sqrt(Math.max(meanSquares[j], most * LEAST * LEAST));
      scales[j] = StrictMath.pow(rms, alpha);
      logs += StrictMath.log(scales[j]);
    }
    double mean = StrictMath.exp(logs / scales.length);
    List<Float> factors = new ArrayList<>(scales.length);
    for (double scale : scales) {
      factors.add((float) (mean / scale));
    }
    return factors;
  }

  private static double error(Product product, double[] meanSquares, List<Float> factors) {
    Shape shape = product.weight().shape();
    int axis = product.inputAxis();
    int channels = Math.toIntExact(shape.dim(axis));
    if (shape.rank() != 2 || channels != meanSquares.length) {
      throw new IllegalArgumentException(
          "%d channels, but a weight of shape %s".formatted(meanSquares.length, shape));
    }
    int columns = Math.toIntExact(shape.dim(1 - axis));
    int along = (int) shape.stride(axis);
    int across = (int) shape.stride(1 - axis);
    FloatBuffer values = product.weight().floats();
    double sum = 0;
    for (int start = 0; start < channels; start += product.block()) {
      int size = Math.min(product.block(), channels - start);
      double[][] rows = new double[size][columns];
      double[] counts = new double[size];
      for (int k = 0; k < size; k++) {
        double factor = factors.get(start + k);
        counts[k] = meanSquares[start + k] * factor * factor;
        for (int n = 0; n < columns; n++) {
          rows[k][n] = values.get((start + k) * along + n * across) / factor;
        }
      }
      for (int n = 0; n < columns; n++) {
        sum += BlockScale.of(rows, counts, n, product.target()).error();
      }
    }
    return sum;
  }
}
