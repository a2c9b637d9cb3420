package dev.tare.engine.pass;

import dev.tare.engine.graph.ModelGraph;
import dev.tare.engine.graph.QuantizableNode;
import dev.tare.engine.histogram.Distribution;
import dev.tare.engine.statistics.Statistics;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * The squared error that 8 bits are expected to add to products of an input and matrices, up to a
 * factor, where channel j of the input is divided by {@code s_j} and the rows of the matrices are
 * multiplied by it:
 *
 * <pre>
 * d^2 sum_jn (W_jn s_j)^2  +  sum_n (max_j |W_jn s_j| / 127)^2 sum_j E[x_j^2] / s_j^2
 * </pre>
 *
 * <p>d is the step of an input whose range covers all values of all channels and 0. Both terms are
 * sums of independent rounding errors, each a twelfth of a squared step.
 */
final class SmoothingError {

  private static final double INPUT_STEPS = 255;
  private static final double WEIGHT_STEPS = 127;

  private final List<Statistics> channels;
  private final double[] shifts;
  private final double[] squares;
  private final List<Matrix> matrices = new ArrayList<>();

  /**
   * @param channels of the input, with histograms
   * @param shifts that are subtracted from the channels first
   * @param products that read the input
   */
  SmoothingError(
      List<Statistics> channels,
      double[] shifts,
      List<QuantizableNode> products,
      ModelGraph graph) {
    this.channels = channels;
    this.shifts = shifts;
    this.squares = new double[shifts.length];
    for (int j = 0; j < squares.length; j++) {
      squares[j] = meanSquare(channels.get(j).distribution(), shifts[j]);
    }
    for (QuantizableNode product : products) {
      FloatBuffer values = graph.constant(product.weight()).floats();
      matrices.add(
          new Matrix(
              values,
              Math.toIntExact(product.weightShape().dim(0)),
              Math.toIntExact(product.weightShape().dim(1)),
              product.blockAxis() == 1));
    }
  }

  private static double meanSquare(Distribution values, double shift) {
    double squares = 0;
    for (int i = 0; i < values.bins(); i++) {
      double lower = Math.max(values.lower(i), values.min()) - shift;
      double upper = Math.max(lower, Math.min(values.upper(i), values.max()) - shift);
      squares += values.count(i) * (lower * lower + lower * upper + upper * upper) / 3;
    }
    return values.total() == 0 ? 0 : squares / values.total();
  }

  /**
   * The error.
   *
   * @param factors the 1 / s_j
   */
  double of(double[] factors) {
    double low = 0;
    double high = 0;
    double values = 0;
    for (int j = 0; j < factors.length; j++) {
      Statistics channel = channels.get(j);
      if (channel.finite() > 0) {
        low = Math.min(low, (channel.min() - shifts[j]) * factors[j]);
        high = Math.max(high, (channel.max() - shifts[j]) * factors[j]);
      }
      values += squares[j] * factors[j] * factors[j];
    }
    double step = (high - low) / INPUT_STEPS;
    double error = 0;
    for (Matrix matrix : matrices) {
      error += matrix.error(factors, step, values);
    }
    return error;
  }

  /**
   * A weight.
   *
   * @param across whether its columns are the input's channels
   */
  private record Matrix(FloatBuffer values, int rows, int columns, boolean across) {

    double error(double[] factors, double step, double meanSquare) {
      double[] most = new double[across ? rows : columns];
      double norm = 0;
      for (int row = 0; row < rows; row++) {
        for (int column = 0; column < columns; column++) {
          double value = values.get(row * columns + column) / factors[across ? column : row];
          norm += value * value;
          int result = across ? row : column;
          most[result] = Math.max(most[result], Math.abs(value));
        }
      }
      double steps = 0;
      for (double each : most) {
        steps += each / WEIGHT_STEPS * (each / WEIGHT_STEPS);
      }
      return step * step * norm + steps * meanSquare;
    }
  }
}
