package dev.tare.engine.histogram;

import java.util.Arrays;

/** Builds the ordered views of statistics. */
final class Distributions {

  private final double[] lower;
  private final double[] upper;
  private final long[] count;
  private int size;

  private Distributions(int capacity) {
    lower = new double[capacity];
    upper = new double[capacity];
    count = new long[capacity];
  }

  static Distribution ofValues(Statistics statistics, Histogram histogram) {
    Distributions view = new Distributions(histogram.size() + 1);
    FloatBins bins = histogram.floatBins();
    boolean zeroIsDue = statistics.zeros() > 0;
    for (int i = 0; i < histogram.size(); i++) {
      int bin = histogram.bin(i);
      if (zeroIsDue && bin >= 0) {
        view.add(0, 0, statistics.zeros());
        zeroIsDue = false;
      }
      view.add(bins.lower(bin), bins.upper(bin), histogram.count(i));
    }
    if (zeroIsDue) {
      view.add(0, 0, statistics.zeros());
    }
    return view.build(statistics.min(), statistics.max());
  }

  static Distribution ofMagnitudes(Statistics statistics, Histogram histogram) {
    Distributions view = new Distributions(histogram.size() + 1);
    if (statistics.zeros() > 0) {
      view.add(0, 0, statistics.zeros());
    }
    FloatBins bins = histogram.floatBins();
    int positive = 0;
    while (positive < histogram.size() && histogram.bin(positive) < 0) {
      positive++;
    }
    int negative = positive - 1;
    while (negative >= 0 || positive < histogram.size()) {
      int below = negative >= 0 ? ~histogram.bin(negative) : Integer.MAX_VALUE;
      int above = positive < histogram.size() ? histogram.bin(positive) : Integer.MAX_VALUE;
      int bin = Math.min(below, above);
      long values = 0;
      if (below == bin) {
        values += histogram.count(negative--);
      }
      if (above == bin) {
        values += histogram.count(positive++);
      }
      view.add(bins.lower(bin), bins.upper(bin), values);
    }
    float min = statistics.min();
    float max = statistics.max();
    boolean bothSigns = min < 0 && max > 0;
    float smallest = bothSigns ? (float) view.lower[0] : max <= 0 ? 0.0f - max : min;
    return view.build(smallest, Math.max(Math.abs(min), Math.abs(max)));
  }

  private void add(double low, double high, long values) {
    lower[size] = low;
    upper[size] = high;
    count[size++] = values;
  }

  private Distribution build(float min, float max) {
    if (size > 0) {
      lower[0] = Math.max(lower[0], min);
      upper[size - 1] = Math.min(upper[size - 1], max);
    }
    return Distribution.of(
        Arrays.copyOf(lower, size),
        Arrays.copyOf(upper, size),
        Arrays.copyOf(count, size),
        min,
        max);
  }
}
