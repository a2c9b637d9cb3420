package dev.tare.engine.range;

import dev.tare.engine.histogram.Distribution;

/**
 * ONNX Runtime's entropy rule, for comparison with models calibrated there
 * (onnxruntime/python/tools/quantization/calibrate.py, {@code get_entropy_threshold}).
 *
 * <p>Given a histogram of touching bins of one width it selects ONNX Runtime's range to the bit,
 * unless the divergences of two windows differ only by float32 rounding. Any other distribution is
 * first counted on our uniform grid, two-sided around 0, zeros in the first positive cell.
 *
 * <p>Reproduced peculiarities: windows of 2i + 1 bins, one longer to the right; truncated
 * quotients; the remainder added to the last group but not expanded; 1e-4 of a count for empty
 * bins; ties to the smaller window; the target is ignored. ONNX Runtime's own 128 bins leave a
 * single window, the full range. Where its assertion on sparse windows would abort, the window is
 * skipped.
 *
 * <p>Cost: windows times bins, a logarithm each. {@link Entropy} is the corrected method.
 *
 * @param levels number of quantized bins, at least 2
 */
public record EntropyOrt(int levels) implements RangeSelector {

  static final String PREFIX = "entropy-ort";
  static final int DEFAULT = 128;

  private static final double EPSILON = 1e-4;

  /**
   * @throws IllegalArgumentException if there are fewer than 2 levels
   */
  public EntropyOrt {
    if (levels < 2) {
      throw new IllegalArgumentException("Invalid number of quantized bins: " + levels);
    }
  }

  @Override
  public Range select(Distribution distribution, Target target) {
    Range full = MinMax.full(distribution);
    if (MinMax.settles(full)) {
      return full;
    }
    MinMax.requireHistogram(distribution, name());
    if (UniformGrid.isExact(distribution)) {
      return full;
    }
    PeerHistogram histogram = PeerHistogram.of(distribution, name());
    int bins = histogram.bins();
    if (bins / 2 < levels / 2) {
      throw new IllegalArgumentException(
          "Cannot select a range by entropy-ort: needs %d cells, the histogram has %d"
              .formatted(levels, bins));
    }
    int middle = bins / 2;
    int best = levels / 2;
    float least = Float.POSITIVE_INFINITY;
    for (int i = levels / 2; i <= middle; i++) {
      float divergence = divergence(histogram, middle - i, Math.min(middle + i + 1, bins));
      if (divergence < least) {
        least = divergence;
        best = i;
      }
    }
    float low = histogram.edge(middle - best);
    float high = histogram.edge(Math.min(middle + best + 1, bins));
    return MinMax.inside(full, low, high);
  }

  @Override
  public boolean needsBins() {
    return true;
  }

  @Override
  public String name() {
    return PREFIX + "-" + levels;
  }

  private float divergence(PeerHistogram histogram, int from, int to) {
    int length = to - from;
    int width = length / levels;
    long[] p = new long[length];
    long[] q = new long[length];
    for (int i = 0; i < length; i++) {
      p[i] = histogram.count(from + i);
    }
    for (int group = 0; group < levels; group++) {
      int start = group * width;
      int end = start + width;
      long sum = 0;
      int live = 0;
      for (int i = start; i < (group == levels - 1 ? length : end); i++) {
        sum += p[i];
      }
      for (int i = start; i < end; i++) {
        boolean first = i == 0 && histogram.before(from) > 0;
        boolean last = i == length - 1 && histogram.from(to) > 0;
        live += p[i] > 0 || first || last ? 1 : 0;
      }
      for (int i = start; i < end && live > 0; i++) {
        q[i] = sum / live;
      }
    }
    p[0] += histogram.before(from);
    p[length - 1] += histogram.from(to);
    return divergence(p, q);
  }

  private static float divergence(long[] p, long[] q) {
    double shiftP = shift(p);
    double shiftQ = shift(q);
    if (!(shiftP < 1 && shiftQ < 1)) {
      return Float.POSITIVE_INFINITY;
    }
    double totalP = 0;
    double totalQ = 0;
    for (int i = 0; i < p.length; i++) {
      totalP += smooth(p[i], shiftP);
      totalQ += smooth(q[i], shiftQ);
    }
    double sum = 0;
    double term = 0;
    for (int i = 0; i < p.length; i++) {
      if (i == 0 || p[i] != p[i - 1] || q[i] != q[i - 1]) {
        double share = smooth(p[i], shiftP) / totalP;
        term = share * StrictMath.log(share / (smooth(q[i], shiftQ) / totalQ));
      }
      sum += term;
    }
    return (float) sum;
  }

  /** What is subtracted from each count so that empty bins get 1e-4; NaN if all bins are empty. */
  private static double shift(long[] counts) {
    int empty = 0;
    for (long count : counts) {
      empty += count == 0 ? 1 : 0;
    }
    return empty == counts.length ? Double.NaN : EPSILON * empty / (counts.length - empty);
  }

  private static float smooth(long count, double shift) {
    return (float) (count == 0 ? EPSILON : count - shift);
  }
}
