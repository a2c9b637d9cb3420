package dev.tare.engine.statistics;

import dev.tare.engine.histogram.Distribution;
import dev.tare.engine.histogram.FloatBins;
import dev.tare.engine.histogram.Histogram;
import java.util.Arrays;

/** Builds a {@link dev.tare.engine.histogram.Distribution} from statistics. */
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
