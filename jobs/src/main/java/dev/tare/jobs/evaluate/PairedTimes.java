package dev.tare.jobs.evaluate;

import java.util.Arrays;

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
