package dev.tare.jobs.evaluate;

import dev.tare.jobs.artifact.Interval;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.function.ToDoubleFunction;

/**
 * How certain a figure of samples is, by the percentiles of that of resamples (Efron, 1979).
 *
 * <p>The seed comes from the samples' hashes, so the same samples give the same interval on every
 * cluster, whatever was evaluated on them.
 */
final class Bootstrap {

  private static final int RESAMPLES = 1000;

  /** With more samples than this the normal interval is the same and costs nothing. */
  private static final int MOST_SAMPLES = 20_000;

  private static final double NORMAL_95 = 1.96;

  private Bootstrap() {}

  /**
   * The interval of the mean with a confidence of 95 %.
   *
   * @param values in the order of the samples' hashes
   * @param samples their hashes in hexadecimal, at least 16 digits each
   * @return empty for fewer than two values
   */
  static Optional<Interval> mean(double[] values, List<String> samples) {
    int n = values.length;
    if (n < 2) {
      return Optional.empty();
    }
    if (n > MOST_SAMPLES) {
      return Optional.of(normal(values));
    }
    return of(
        samples,
        drawn -> {
          double sum = 0;
          for (int i : drawn) {
            sum += values[i];
          }
          return sum / n;
        });
  }

  /**
   * The interval of any figure of samples with a confidence of 95 %.
   *
   * @param samples their hashes in hexadecimal, in order, at least 16 digits each
   * @param figure of some samples by their indices, which may repeat and must not be kept
   * @return empty for fewer than two samples
   */
  static Optional<Interval> of(List<String> samples, ToDoubleFunction<int[]> figure) {
    int n = samples.size();
    if (n < 2) {
      return Optional.empty();
    }
    SplittableRandom random = new SplittableRandom(seed(samples));
    int[] drawn = new int[n];
    double[] figures = new double[RESAMPLES];
    for (int r = 0; r < RESAMPLES; r++) {
      for (int i = 0; i < n; i++) {
        drawn[i] = random.nextInt(n);
      }
      figures[r] = figure.applyAsDouble(drawn);
    }
    Arrays.sort(figures);
    return Optional.of(
        new Interval(figures[RESAMPLES / 40 - 1], figures[RESAMPLES - RESAMPLES / 40]));
  }

  private static long seed(List<String> samples) {
    long seed = 0;
    for (String sample : samples) {
      seed = 31 * seed + Long.parseUnsignedLong(sample.substring(0, 16), 16);
    }
    return seed;
  }

  private static Interval normal(double[] values) {
    double sum = 0;
    for (double value : values) {
      sum += value;
    }
    double mean = sum / values.length;
    double squares = 0;
    for (double value : values) {
      squares += (value - mean) * (value - mean);
    }
    double half = NORMAL_95 * Math.sqrt(squares / (values.length - 1.0) / values.length);
    return new Interval(mean - half, mean + half);
  }
}
