package dev.tare.engine.range;

import dev.tare.engine.histogram.Distribution;

/**
 * ONNX Runtime's percentile rule, for comparison with models calibrated there
 * (onnxruntime/python/tools/quantization/calibrate.py, {@code compute_percentile}).
 *
 * <p>Given a histogram of touching bins of one width it selects ONNX Runtime's range to the bit:
 * for a symmetric target the bins are those of |x|, else of x. Any other distribution is first
 * counted on our uniform grid. NVIDIA's Model Optimizer has the same rule for its histograms of |x|
 * (modelopt/torch/quantization/calib/histogram.py), and gets the same bits. Reproduced
 * peculiarities: a threshold is the left edge of the bin where the cumulative share reaches it, so
 * it is too low by up to a bin, and the ends are cut to the extremes one by one.
 *
 * <p>Cost: linear in the bins. {@link Percentile} interpolates instead.
 *
 * @param percentile share of values inside, in percent, in [0, 100]
 */
public record PercentileOrt(double percentile) implements RangeSelector {

  static final String PREFIX = "percentile-ort";
  static final double DEFAULT = 99.999;

  /**
   * @throws IllegalArgumentException if the percentile is outside [0, 100]
   */
  public PercentileOrt {
    if (!(percentile >= 0 && percentile <= 100)) {
      throw new IllegalArgumentException(
          "Invalid percentile " + Percentile.text(percentile) + ": must be in [0, 100]");
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
    if (target.symmetric()) {
      PeerHistogram magnitudes = PeerHistogram.ofMagnitudes(distribution, name());
      float limit = edge(magnitudes, percentile / 100);
      return MinMax.inside(full, -limit, limit);
    }
    PeerHistogram histogram = PeerHistogram.of(distribution, name());
    double cut = (100 - percentile) / 200;
    return MinMax.inside(full, edge(histogram, cut), edge(histogram, 1 - cut));
  }

  @Override
  public boolean needsBins() {
    return true;
  }

  @Override
  public String name() {
    return PREFIX + "-" + Percentile.text(percentile);
  }

  private static float edge(PeerHistogram histogram, double share) {
    double total = histogram.from(0);
    double cumulative = 0;
    for (int bin = 0; bin < histogram.bins(); bin++) {
      cumulative += histogram.count(bin) / total;
      if (cumulative >= share) {
        return histogram.edge(bin);
      }
    }
    return histogram.edge(histogram.bins());
  }
}
