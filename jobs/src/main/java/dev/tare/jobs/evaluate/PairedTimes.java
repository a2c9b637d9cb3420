package dev.tare.jobs.evaluate;

import dev.tare.engine.infer.CpuFeatures;
import dev.tare.engine.tensor.Sample;
import dev.tare.jobs.artifact.Latency;
import dev.tare.jobs.artifact.Turns;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;

/**
 * Times of two models on the same batches, in pairs, and what they say of the ratio. The interval
 * of the median is that of order statistics: it asks nothing of how times are distributed. Not
 * thread-safe.
 */
final class PairedTimes {

  /** Normal quantile of a 95 % interval. */
  private static final double QUANTILE = 1.96;

  private long[] first = new long[64];
  private long[] second = new long[64];
  private int size;

  void add(long firstNanos, long secondNanos) {
    if (size == first.length) {
      first = Arrays.copyOf(first, 2 * size);
      second = Arrays.copyOf(second, 2 * size);
    }
    first[size] = Math.max(1, firstNanos);
    second[size] = Math.max(1, secondNanos);
    size++;
  }

  int size() {
    return size;
  }

  double firstMedian() {
    return median(Arrays.stream(first, 0, size).asDoubleStream().sorted().toArray());
  }

  double secondMedian() {
    return median(Arrays.stream(second, 0, size).asDoubleStream().sorted().toArray());
  }

  /** Median over pairs of second over first. */
  double ratio() {
    return median(ratios());
  }

  /** Lower end of the median's 95 % interval: that many ratios are smaller by chance. */
  double low() {
    return ratios()[reach()];
  }

  /** Upper end of the interval. */
  double high() {
    return ratios()[size - 1 - reach()];
  }

  /**
   * What the times say of both models.
   *
   * @param runtime what ran them
   * @param batch the first one
   * @param threads of each model
   */
  Latency latency(String runtime, List<Sample> batch, int threads) {
    CpuFeatures processor = CpuFeatures.current();
    String shapes =
        batch.get(0).inputs().entrySet().stream()
            .map(input -> input.getKey() + input.getValue().shape().dims())
            .collect(Collectors.joining(", "));
    Latency latency =
        new Latency(
            runtime,
            "%s (%s)".formatted(processor.model(), processor.fingerprint()),
            threads,
            batch.size(),
            shapes,
            size,
            firstMedian() / 1e6,
            secondMedian() / 1e6,
            ratio(),
            low(),
            high());
    return latency.with(Turns.ofNanos(first, second, size));
  }

  private int reach() {
    double rank = size / 2.0 - QUANTILE * StrictMath.sqrt(size) / 2;
    return (int) Math.max(0, Math.min((size - 1) / 2.0, Math.floor(rank)));
  }

  private double[] ratios() {
    double[] ratios = new double[size];
    for (int i = 0; i < size; i++) {
      ratios[i] = (double) second[i] / first[i];
    }
    Arrays.sort(ratios);
    return ratios;
  }

  private static double median(double[] sorted) {
    int middle = sorted.length / 2;
    return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  }
}
