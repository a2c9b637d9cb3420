package dev.tare.jobs.evaluate;

import dev.tare.engine.quant.QuantError;
import dev.tare.jobs.artifact.Interval;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * How much noise a change takes away from samples that were run before and after it.
 *
 * <p>Both are compared on the same resamples, so what makes samples differ from each other, in both
 * alike, does not count as doubt about the change. A few samples that have most of the noise do:
 * resamples without them show what the change does to the others.
 */
public final class PairedGain {

  /** More than any arithmetic has, where one side has no noise. */
  private static final double MOST_DB = 300;

  private PairedGain() {}

  /**
   * The interval of the gain over all samples in dB, with a confidence of 95 %.
   *
   * @param before errors in the order of the samples' hashes
   * @param after errors of the same samples
   * @param samples their hashes in hexadecimal, at least 16 digits each
   * @return empty if fewer than two samples have values to compare in both
   * @throws IllegalArgumentException if the lists have different lengths
   */
  public static Optional<Interval> of(
      List<QuantError> before, List<QuantError> after, List<String> samples) {
    if (before.size() != after.size() || before.size() != samples.size()) {
      throw new IllegalArgumentException(
          "Cannot pair %d errors with %d of %d samples"
              .formatted(before.size(), after.size(), samples.size()));
    }
    List<String> compared = new ArrayList<>();
    List<double[]> noises = new ArrayList<>();
    for (int i = 0; i < before.size(); i++) {
      if (before.get(i).count() > 0 && after.get(i).count() > 0) {
        compared.add(samples.get(i));
        noises.add(new double[] {before.get(i).noise(), after.get(i).noise()});
      }
    }
    return Bootstrap.of(compared, drawn -> gain(noises, drawn));
  }

  private static double gain(List<double[]> noises, int[] drawn) {
    double before = 0;
    double after = 0;
    for (int i : drawn) {
      before += noises.get(i)[0];
      after += noises.get(i)[1];
    }
    if (before == after) {
      return 0;
    }
    double db = 10 * StrictMath.log10(before / after);
    // Of a model whose results are no numbers nothing good is known.
    return Double.isNaN(db) ? -MOST_DB : Math.max(-MOST_DB, Math.min(MOST_DB, db));
  }
}
