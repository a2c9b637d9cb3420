package dev.tare.engine.observe;

import dev.tare.engine.histogram.Histogram;
import dev.tare.engine.statistics.Statistics;
import dev.tare.engine.statistics.TensorStatistics;
import dev.tare.engine.tensor.Shape;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.TreeMap;

/** The definition of statistics, value by value: what the observer must equal to the bit. */
public final class NaiveStatistics {

  private NaiveStatistics() {}

  /** The statistics of values without an axis; with 0 mantissa bits of extremes alone. */
  public static Statistics of(int mantissaBits, List<Float> values) {
    TreeMap<Integer, Long> bins = new TreeMap<>();
    long zeros = 0;
    long nans = 0;
    long posInfs = 0;
    long negInfs = 0;
    float min = Float.NaN;
    float max = Float.NaN;
    for (float value : values) {
      if (Float.isNaN(value)) {
        nans++;
      } else if (value == Float.POSITIVE_INFINITY) {
        posInfs++;
      } else if (value == Float.NEGATIVE_INFINITY) {
        negInfs++;
      } else {
        min = Float.isNaN(min) || value < min ? value : min;
        max = Float.isNaN(max) || value > max ? value : max;
        if (value == 0) {
          zeros++;
        } else if (mantissaBits > 0) {
          int magnitude = Float.floatToIntBits(Math.abs(value)) >> (23 - mantissaBits);
          bins.merge(value > 0 ? magnitude : -magnitude - 1, 1L, Long::sum);
        }
      }
    }
    Optional<Histogram> histogram =
        mantissaBits == 0
            ? Optional.empty()
            : Optional.of(
                Histogram.of(
                    mantissaBits,
                    bins.keySet().stream().mapToInt(Integer::intValue).toArray(),
                    bins.values().stream().mapToLong(Long::longValue).toArray()));
    return new Statistics(values.size(), zeros, nans, posInfs, negInfs, min, max, histogram);
  }

  static TensorStatistics of(
      String tensor, ObserverOptions options, List<Shape> shapes, List<float[]> batches) {
    List<Float> all = new ArrayList<>();
    List<List<Float>> byChannel = new ArrayList<>();
    OptionalInt axis = OptionalInt.empty();
    for (int batch = 0; batch < batches.size(); batch++) {
      float[] values = batches.get(batch);
      Shape shape = shapes.get(batch);
      for (float value : values) {
        all.add(value);
      }
      if (options.channelMode() != ChannelMode.NONE) {
        int at = shape.normalizeAxis(options.channelAxis().getAsInt());
        axis = OptionalInt.of(at);
        while (byChannel.size() < shape.dim(at)) {
          byChannel.add(new ArrayList<>());
        }
        for (int i = 0; i < values.length; i++) {
          byChannel.get((int) (i / shape.stride(at) % shape.dim(at))).add(values[i]);
        }
      }
    }
    int channelBits = options.channelMode() == ChannelMode.HISTOGRAM ? options.channelBits() : 0;
    return new TensorStatistics(
        tensor,
        Optional.of(of(options.mantissaBits(), all)),
        axis,
        byChannel.stream().map(values -> of(channelBits, values)).toList());
  }
}
