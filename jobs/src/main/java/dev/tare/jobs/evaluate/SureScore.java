package dev.tare.jobs.evaluate;

import dev.tare.engine.quant.QuantError;
import java.util.List;

/**
 * A score of samples, and what it is at least on others like them, with a one-sided confidence of
 * 95 %.
 *
 * <p>The mean of cosines has the standard error of a mean; the noise of all samples over their
 * signal that of a ratio (Cochran, Sampling Techniques, 1977, 6.4). Both are multiplied by the
 * quantile of Student's distribution, by the expansion 26.7.5 of Abramowitz and Stegun, and by more
 * where a few samples have much of the noise: the term of skewness of a studentized mean (Hall, The
 * Bootstrap and Edgeworth Expansion, 1992, 2.6).
 *
 * @param sqnrDb signal to noise over all samples in dB; infinite if nothing differs
 * @param cosineMean mean over samples
 * @param sqnrDbLow signal to noise at least
 * @param cosineLow mean at least
 * @param effective samples of equal error that would tell as much (Kish): far fewer than there are
 *     if a few have most of it, and then others may have more than the lower ends say
 */
public record SureScore(
    double sqnrDb, double cosineMean, double sqnrDbLow, double cosineLow, double effective) {

  /** The quantile of .95 of the normal distribution. */
  private static final double NORMAL = 1.6448536;

  /**
   * The score of samples by their errors.
   *
   * @param errors in the order of the samples' hashes; those of no value are left out. Of a single
   *     one the lower ends are the score itself.
   */
  static SureScore of(List<QuantError> errors) {
    List<QuantError> all = errors.stream().filter(error -> error.count() > 0).toList();
    int n = all.size();
    double signal = 0;
    double noise = 0;
    double cosines = 0;
    for (QuantError error : all) {
      signal += error.signal();
      noise += error.noise();
      cosines += error.cosine();
    }
    double ratio = noise / signal;
    double mean = cosines / n;
    double[] ratios = new double[n];
    double[] distances = new double[n];
    for (int i = 0; i < n; i++) {
      QuantError error = all.get(i);
      ratios[i] = error.noise() - ratio * error.signal();
      distances[i] = mean - error.cosine();
    }
    return new SureScore(
        decibels(ratio),
        mean,
        decibels(ratio + n * above(ratios) / signal),
        Math.max(-1, mean - above(distances)),
        effective(all));
  }

  /** How far the mean may be above that of these values, which is 0; 0 of fewer than two values. */
  private static double above(double[] centred) {
    int n = centred.length;
    if (n < 2) {
      return 0;
    }
    double squares = 0;
    double cubes = 0;
    for (double value : centred) {
      squares += value * value;
      cubes += value * value * value;
    }
    double deviation = Math.sqrt(squares / n);
    double skewness = deviation == 0 ? 0 : cubes / n / (deviation * deviation * deviation);
    double skewed = Math.max(0, skewness) * (2 * NORMAL * NORMAL + 1) / (6 * Math.sqrt(n));
    return deviation / Math.sqrt(n - 1.0) * (quantile(n - 1) + skewed);
  }

  private static double effective(List<QuantError> errors) {
    double sum = 0;
    double squares = 0;
    for (QuantError error : errors) {
      double share = error.noise() / error.signal();
      if (Double.isFinite(share)) {
        sum += share;
        squares += share * share;
      }
    }
    return squares == 0 ? errors.size() : sum * sum / squares;
  }

  private static double decibels(double ratio) {
    return ratio == 0 ? Double.POSITIVE_INFINITY : -10 * StrictMath.log10(ratio);
  }

  /** Of .95, of Student's distribution. */
  private static double quantile(int freedom) {
    double z = NORMAL;
    double cube = z * z * z;
    return z
        + (cube + z) / (4.0 * freedom)
        + (5 * cube * z * z + 16 * cube + 3 * z) / (96.0 * freedom * freedom);
  }
}
