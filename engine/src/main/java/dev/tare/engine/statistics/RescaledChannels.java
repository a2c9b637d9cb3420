package dev.tare.engine.statistics;

import dev.tare.engine.histogram.Distribution;
import dev.tare.engine.histogram.FloatBins;
import dev.tare.engine.histogram.Histogram;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * Statistics of a tensor whose channels are multiplied by positive factors and, where there are
 * any, shifted by offsets, from those of the tensor itself.
 *
 * <p>Extremes are exact, as float32 products and sums are: both keep the order. Counts of a
 * channel's bin are spread evenly over the finer bins that the product overlaps, rounded so that no
 * value is lost; where channels have only extremes, so has the result.
 */
public final class RescaledChannels {

  private static final FloatBins BINS = FloatBins.of(FloatBins.MAX_MANTISSA_BITS);

  /** What part of a bin's width counts as 0 on either side. */
  private static final double NEAREST = 0x1p-12;

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
   * @param offsets one for each channel, added to the products, or none
   * @param name of the result
   * @throws IllegalArgumentException unless there are as many factors as channels; the message
   *     names the tensor
   */
  public static TensorStatistics of(
      TensorStatistics statistics, List<Float> factors, List<Float> offsets, String name) {
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
      float offset = offsets.isEmpty() ? 0 : offsets.get(j);
      float low = channel.min() * factors.get(j) + offset;
      float high = channel.max() * factors.get(j) + offset;
      min = Float.isNaN(min) ? low : Math.min(min, low);
      max = Float.isNaN(max) ? high : Math.max(max, high);
      binned &= channel.histogram().isPresent();
      sum.add(channel, factors.get(j), offset, low, high);
    }
    Statistics whole =
        new Statistics(
            count,
            binned ? sum.zeros : offsets.isEmpty() ? zeros(channels) : 0,
            0,
            0,
            0,
            min,
            max,
            sum.histogram(binned));
    return new TensorStatistics(name, Optional.of(whole), OptionalInt.empty(), List.of());
  }

  /**
   * The values of each channel times its factor, plus its offset if there are any, in the bins of
   * the channel, whose edges are changed likewise.
   */
  public static List<Distribution> distributions(
      TensorStatistics statistics, List<Float> factors, List<Float> offsets) {
    List<Distribution> distributions = new ArrayList<>(factors.size());
    for (int j = 0; j < factors.size(); j++) {
      Distribution channel = statistics.channels().get(j).distribution();
      double factor = factors.get(j);
      double offset = offsets.isEmpty() ? 0 : offsets.get(j);
      double[] lower = new double[channel.bins()];
      double[] upper = new double[channel.bins()];
      long[] count = new long[channel.bins()];
      for (int i = 0; i < count.length; i++) {
        lower[i] = channel.lower(i) * factor + offset;
        upper[i] = channel.upper(i) * factor + offset;
        count[i] = channel.count(i);
      }
      distributions.add(
          Distribution.of(
              lower,
              upper,
              count,
              channel.min() * factors.get(j) + (float) offset,
              channel.max() * factors.get(j) + (float) offset));
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

  private void add(Statistics channel, double factor, double offset, float low, float high) {
    Distribution values = channel.distribution();
    int last = values.bins() - 1;
    for (int i = 0; i <= last; i++) {
      long rest = values.count(i);
      double from = Math.max(low, values.lower(i) * factor + offset);
      double to = Math.min(high, values.upper(i) * factor + offset);
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
    if (from < 0 && to > 0) {
      // A bin that an offset moved across 0: bins near 0 are too many to be walked through.
      double least = (to - from) * NEAREST;
      long below = (long) (count * (Math.max(0, -least - from) / (to - from)));
      long above = (long) (count * (Math.max(0, to - least) / (to - from)));
      spread(from, Math.max(from, -least), below);
      spread(Math.min(to, least), to, above);
      put(0, count - below - above);
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
