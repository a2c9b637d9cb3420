package dev.tare.engine.pass;

import dev.tare.engine.graph.ModelGraph;
import dev.tare.engine.graph.QuantizableNode;
import dev.tare.engine.histogram.Distribution;
import dev.tare.engine.quant.QuantType;
import dev.tare.engine.range.Percentile;
import dev.tare.engine.range.Range;
import dev.tare.engine.range.Target;
import dev.tare.engine.tensor.Shape;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The squared error that 8 bits are expected to add to the results of convolutions, up to a factor,
 * where channel j of their input is divided by {@code t_j} and its weights are multiplied by it:
 *
 * <pre>
 * d^2 sum_j |w_j|^2 t_j^2  +  sum_o (max_j |w_oj t_j| / 127)^2 sum_j k E[x_j^2] / t_j^2
 * </pre>
 *
 * <p>d is the step of the input, whose range covers all values of all channels but for one of ten
 * thousand on either side, so that no single value decides; and {@code k} the number of weights for
 * each pair of channels. Both terms are sums of independent rounding errors, each a twelfth of a
 * squared step. Where biases take up the mean of the error, the variance of x_j is in place of its
 * mean square.
 */
final class EqualizationError {

  private static final Percentile REACH = new Percentile(99.98, false);
  private static final Target TYPE = new Target(QuantType.UINT8, false, false, false);
  private static final double INPUT_STEPS = 255;
  private static final double WEIGHT_STEPS = 127;

  /** Rounding adds a twelfth of a squared step, and the factor is left out. */
  private static final double PER_SQUARED_STEP = 12;

  private final double[] low;
  private final double[] high;
  private final double[] squares;
  private final double[] norms;
  private final double[] rows;
  private final List<Kernel> kernels = new ArrayList<>();

  /**
   * @param centred whether biases take up the mean of the error
   */
  EqualizationError(
      List<Distribution> channels,
      boolean centred,
      List<QuantizableNode> products,
      ModelGraph graph) {
    int count = channels.size();
    this.low = new double[count];
    this.high = new double[count];
    this.squares = new double[count];
    this.norms = new double[count];
    this.rows = new double[count];
    for (int j = 0; j < count; j++) {
      Distribution channel = channels.get(j);
      if (channel.total() > 0) {
        Range reach = REACH.select(channel, TYPE);
        low[j] = Math.min(0, reach.low());
        high[j] = Math.max(0, reach.high());
        squares[j] = meanSquare(channel, centred);
      }
    }
    products.forEach(product -> add(product, graph.constant(product.weight()).floats()));
  }

  private static double meanSquare(Distribution channel, boolean centred) {
    double sum = 0;
    double squares = 0;
    for (int i = 0; i < channel.bins(); i++) {
      double lower = Math.max(channel.lower(i), channel.min());
      double upper = Math.max(lower, Math.min(channel.upper(i), channel.max()));
      sum += channel.count(i) * (lower + upper) / 2;
      squares += channel.count(i) * (lower * lower + lower * upper + upper * upper) / 3;
    }
    double mean = centred ? sum / channel.total() : 0;
    return Math.max(0, squares / channel.total() - mean * mean);
  }

  private void add(QuantizableNode product, FloatBuffer values) {
    Kernel kernel = new Kernel(product, values.remaining());
    for (int pair = 0; pair < kernel.magnitudes.length; pair++) {
      int j = kernel.channel(pair);
      double most = 0;
      for (int tap = 0; tap < kernel.taps; tap++) {
        double value = values.get();
        most = Math.max(most, Math.abs(value));
        norms[j] += value * value;
      }
      kernel.magnitudes[pair] = most;
      rows[j] = Math.max(rows[j], most);
    }
    kernels.add(kernel);
  }

  /** The largest magnitude of the weights of each channel. */
  double[] rows() {
    return rows.clone();
  }

  /** How far the values of each channel reach, those below zero divided by a number. */
  double[] reaches(double below) {
    double[] reaches = new double[high.length];
    for (int j = 0; j < reaches.length; j++) {
      reaches[j] = Math.max(high[j], -low[j] / below);
    }
    return reaches;
  }

  /**
   * The error.
   *
   * @param divisors one for each channel; null for none
   */
  double of(double[] divisors) {
    double[] t = divisors;
    if (t == null) {
      t = new double[low.length];
      Arrays.fill(t, 1);
    }
    double bottom = 0;
    double top = 0;
    double weights = 0;
    for (int j = 0; j < t.length; j++) {
      bottom = Math.min(bottom, low[j] / t[j]);
      top = Math.max(top, high[j] / t[j]);
      weights += norms[j] * t[j] * t[j];
    }
    double step = (top - bottom) / INPUT_STEPS;
    double error = step * step * weights;
    for (Kernel kernel : kernels) {
      error += kernel.error(t, squares);
    }
    return error;
  }

  /**
   * The same where it is known what quantization adds to the input.
   *
   * @param divisors one for each channel
   * @param added mean squared error of each channel of the divided input
   */
  double of(double[] divisors, double[] added) {
    double error = 0;
    for (int j = 0; j < divisors.length; j++) {
      error += PER_SQUARED_STEP * added[j] * norms[j] * divisors[j] * divisors[j];
    }
    for (Kernel kernel : kernels) {
      error += kernel.error(divisors, squares);
    }
    return error;
  }

  /** Largest magnitudes of the weights of a convolution, by output and input of its group. */
  private static final class Kernel {
    private final int results;
    private final int perGroup;
    private final int taps;
    private final double[] magnitudes;

    Kernel(QuantizableNode product, int size) {
      Shape shape = product.weightShape();
      this.results = Math.toIntExact(shape.dim(0) / product.groups());
      this.perGroup = Math.toIntExact(shape.dim(1));
      this.magnitudes = new double[Math.toIntExact(shape.dim(0)) * perGroup];
      this.taps = size / Math.max(1, magnitudes.length);
    }

    /** The input channel of a pair of output and input. */
    int channel(int pair) {
      return pair / perGroup / results * perGroup + pair % perGroup;
    }

    /** The second term of the error. */
    double error(double[] t, double[] squares) {
      double error = 0;
      for (int first = 0; first < t.length; first += perGroup) {
        double values = 0;
        for (int j = first; j < first + perGroup; j++) {
          values += squares[j] / (t[j] * t[j]);
        }
        double steps = 0;
        for (int o = 0; o < results; o++) {
          int row = (first / perGroup * results + o) * perGroup;
          double most = 0;
          for (int i = 0; i < perGroup; i++) {
            most = Math.max(most, magnitudes[row + i] * t[first + i]);
          }
          steps += most / WEIGHT_STEPS * (most / WEIGHT_STEPS);
        }
        error += steps * values * taps;
      }
      return error;
    }
  }
}
