package dev.tare.engine.statistics;

import dev.tare.engine.histogram.Distribution;
import dev.tare.engine.histogram.FloatBins;
import dev.tare.engine.histogram.Histogram;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * Statistics of a tensor whose channels are multiplied by positive factors, from those of the
 * tensor itself.
 *
 * <p>Extremes are exact, as float32 products are: multiplication keeps the order. Counts of a
 * channel's bin are spread evenly over the finer bins that the product overlaps, rounded so that no
 * value is lost; where channels have only extremes, so has the result.
 */
public final class RescaledChannels {

  private static final FloatBins BINS = FloatBins.of(FloatBins.MAX_MANTISSA_BITS);

  /** Counts of the bins from the lowest on. */
  private final long[] counts = new long[2 * BINS.binsPerSign()];

  private long zeros;

  private RescaledChannels() {}

  /**
   * The statistics of the product, without rows of channels. Costs a walk through the bins of all
   * channels.
   *
   * @param statistics of finite values, with a row of each channel
   * @param factors one for each channel
   * @param name of the product
   * @throws IllegalArgumentException unless there are as many factors as channels; the message
   *     names the tensor
   */
  public static TensorStatistics of(TensorStatistics statistics, List<Float> factors, String name) {
    List<Statistics> channels = statistics.channels();
    if (channels.size() != factors.size()) {
      throw new IllegalArgumentException(
          "Cannot rescale tensor '%s': %d channels vs %d factors"
              .formatted(statistics.tensor(), channels.size(), factors.size()));
    }
    RescaledChannels sum = new RescaledChannels();
    float min = Float.NaN;
    float max = Float.NaN;
    long count = 0;
    boolean binned = true;
    for (int j = 0; j < channels.size(); j++) {
      Statistics channel = channels.get(j);
      count += channel.count();
      if (channel.count() == 0) {
        continue;
      }
      float low = channel.min() * factors.get(j);
      float high = channel.max() * factors.get(j);
      min = Float.isNaN(min) ? low : Math.min(min, low);
      max = Float.isNaN(max) ? high : Math.max(max, high);
      binned &= channel.histogram().isPresent();
      sum.add(channel, factors.get(j), low, high);
    }
    Statistics whole =
        new Statistics(
            count, binned ? sum.zeros : zeros(channels), 0, 0, 0, min, max, sum.histogram(binned));
    return new TensorStatistics(name, Optional.of(whole), OptionalInt.empty(), List.of());
  }

  /**
   * The values of each channel times its factor, in the bins of the channel, whose edges are
   * multiplied.
   */
  public static List<Distribution> distributions(TensorStatistics statistics, List<Float> factors) {
    List<Distribution> distributions = new ArrayList<>(factors.size());
    for (int j = 0; j < factors.size(); j++) {
      Distribution channel = statistics.channels().get(j).distribution();
      double[] lower = new double[channel.bins()];
      double[] upper = new double[channel.bins()];
      long[] count = new long[channel.bins()];
      for (int i = 0; i < count.length; i++) {
        lower[i] = channel.lower(i) * factors.get(j);
        upper[i] = channel.upper(i) * factors.get(j);
        count[i] = channel.count(i);
      }
      distributions.add(
          Distribution.of(
              lower, upper, count, channel.min() * factors.get(j), channel.max() * factors.get(j)));
    }
    return distributions;
  }

  private static long zeros(List<Statistics> channels) {
    return channels.stream().mapToLong(Statistics::zeros).sum();
  }

  private Optional<Histogram> histogram(boolean binned) {
    if (!binned) {
      return Optional.empty();
    }
    int[] bins = new int[counts.length];
    long[] seen = new long[counts.length];
    int size = 0;
    for (int i = 0; i < counts.length; i++) {
      if (counts[i] > 0) {
        bins[size] = i - BINS.binsPerSign();
        seen[size++] = counts[i];
      }
    }
    return Optional.of(Histogram.of(BINS.mantissaBits(), bins, seen, size));
  }

  private void add(Statistics channel, double factor, float low, float high) {
    Distribution values = channel.distribution();
    int last = values.bins() - 1;
    for (int i = 0; i <= last; i++) {
      long rest = values.count(i);
      double from = Math.max(low, values.lower(i) * factor);
      double to = Math.min(high, values.upper(i) * factor);
      // The extremes themselves were seen; the others are somewhere between.
      if (i == 0 && rest > 0) {
        put(low, 1);
        rest--;
      }
      if (i == last && rest > 0) {
        put(high, 1);
        rest--;
      }
      spread(from, to, rest);
    }
  }

  private void spread(double from, double to, long count) {
    if (!(from < to) || count == 0) {
      put((float) from, count);
      return;
    }
    long placed = 0;
    float first = (float) from;
    int bin = first == 0 ? (from < 0 ? -1 : 0) : BINS.bin(first);
    for (; placed < count; bin++) {
      double end = BINS.upper(bin);
      long until = end >= to ? count : (long) (count * Math.max(0, (end - from) / (to - from)));
      counts[bin + BINS.binsPerSign()] += until - placed;
      placed = until;
    }
  }

  private void put(float value, long count) {
    if (value == 0) {
      zeros += count;
    } else if (count > 0) {
      counts[BINS.bin(value) + BINS.binsPerSign()] += count;
    }
  }
}
