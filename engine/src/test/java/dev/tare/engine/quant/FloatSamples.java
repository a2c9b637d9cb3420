package dev.tare.engine.quant;

import dev.tare.engine.histogram.Distribution;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;

/** Seeded data of the shapes that tensors have, and its histogram by leading bits. */
public enum FloatSamples {
  GAUSSIAN,
  LAPLACE,
  OUTLIERS,
  MOSTLY_ZERO,
  ONE_SIDED,
  SHIFTED;

  public float[] values(int size, long seed) {
    Random random = new Random(seed);
    float[] values = new float[size];
    for (int i = 0; i < size; i++) {
      values[i] = (float) next(random);
    }
    return values;
  }

  private double next(Random random) {
    double gaussian = random.nextGaussian();
    double uniform = random.nextDouble();
    return switch (this) {
      case GAUSSIAN -> gaussian;
      case LAPLACE -> Math.signum(gaussian) * -Math.log(1 - uniform);
      case OUTLIERS -> uniform < 0.001 ? gaussian * 100 : gaussian;
      case MOSTLY_ZERO -> uniform < 0.9 ? 0 : gaussian;
      case ONE_SIDED -> Math.abs(gaussian) * 0.1;
      case SHIFTED -> gaussian * 0.3 + 1;
    };
  }

  /** Bins of the sign, the exponent and the first mantissa bits; exact zeros apart. */
  public static Distribution distribution(float[] values, int mantissaBits) {
    int shift = 23 - mantissaBits;
    TreeMap<Integer, Long> bins = new TreeMap<>();
    float min = Float.POSITIVE_INFINITY;
    float max = Float.NEGATIVE_INFINITY;
    for (float value : values) {
      int magnitude = Float.floatToRawIntBits(Math.abs(value));
      int bin = (magnitude >>> shift) + 1;
      bins.merge(magnitude == 0 ? 0 : value < 0 ? -bin : bin, 1L, Long::sum);
      min = Math.min(min, value);
      max = Math.max(max, value);
    }
    double[] lower = new double[bins.size()];
    double[] upper = new double[bins.size()];
    long[] count = new long[bins.size()];
    int i = 0;
    for (Map.Entry<Integer, Long> entry : bins.entrySet()) {
      int bin = Math.abs(entry.getKey());
      double near = bin == 0 ? 0 : Float.intBitsToFloat((bin - 1) << shift);
      double far = bin == 0 ? 0 : Float.intBitsToFloat(bin << shift);
      lower[i] = entry.getKey() < 0 ? -far : near;
      upper[i] = entry.getKey() < 0 ? -near : far;
      count[i++] = entry.getValue();
    }
    boolean none = values.length == 0;
    return Distribution.of(lower, upper, count, none ? Float.NaN : min, none ? Float.NaN : max);
  }
}
