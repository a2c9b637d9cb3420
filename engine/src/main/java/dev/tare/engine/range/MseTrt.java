package dev.tare.engine.range;

import dev.tare.engine.histogram.Distribution;

/**
 * The squared-error rule of NVIDIA's calibrators in pytorch-quantization and Model Optimizer
 * (modelopt/torch/quantization/calib/histogram.py, {@code _compute_amax_mse}).
 *
 * <p>Given a histogram of |x| in touching bins of one width it selects NVIDIA's amax to the bit,
 * unless the errors of two candidates differ only by rounding. Any other distribution is first
 * counted on our uniform grid. The range is [-amax, amax], cut to the values.
 *
 * <p>Candidates are the centres of the bins from the 128th on, so with 2,048 bins nothing below a
 * sixteenth of the maximum can win, and the full range never wins; all values of a bin count as its
 * centre, so rounding inside a bin is ignored; integers are narrow (-127 to 127 for 8 bits)
 * whatever the target's. {@link Mse} has none of these limits. An asymmetric target whose values
 * have one sign gets all integers (NVIDIA's {@code unsigned}).
 *
 * <p>Values are quantized in float32 as in NVIDIA's code; errors are squared and summed in float64,
 * where NVIDIA's are float32 and overflow. Not reproduced: NVIDIA maps all values to 0 for any amax
 * up to 2^-24.
 *
 * <p>Cost: candidates times filled bins; a few microseconds a candidate at 2,048 bins.
 */
public record MseTrt() implements RangeSelector {

  private static final int FIRST = 128;

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
    UniformGrid.of(distribution, name()).requireCells(2 * FIRST, full, name());
    PeerHistogram magnitudes = PeerHistogram.ofMagnitudes(distribution, name());
    float limit = best(magnitudes, (float) (target.magnitudes(full) - 1));
    return MinMax.inside(full, -limit, limit);
  }

  private static float best(PeerHistogram magnitudes, float bound) {
    int bins = magnitudes.bins();
    float[] centre = new float[bins];
    float[] filled = new float[bins];
    double[] count = new double[bins];
    int size = 0;
    for (int i = 0; i < bins; i++) {
      centre[i] = (magnitudes.edge(i + 1) + magnitudes.edge(i)) / 2;
      if (magnitudes.count(i) > 0) {
        filled[size] = centre[i];
        count[size++] = magnitudes.count(i);
      }
    }
    float best = centre[bins - 1];
    double least = Double.POSITIVE_INFINITY;
    for (int i = FIRST; i < bins; i++) {
      float scale = bound / centre[i];
      double sum = 0;
      for (int k = 0; k < size && sum < least; k++) {
        float steps = (float) Math.rint(filled[k] * scale);
        double error = Math.min(steps, bound) / scale - filled[k];
        sum += error * error * count[k];
      }
      if (sum < least) {
        least = sum;
        best = centre[i];
      }
    }
    return best;
  }

  @Override
  public boolean needsBins() {
    return true;
  }

  @Override
  public String name() {
    return "mse-trt";
  }
}
