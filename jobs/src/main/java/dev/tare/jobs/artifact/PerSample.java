package dev.tare.jobs.artifact;

import java.util.List;
import java.util.Optional;

/**
 * One vector compared sample by sample, summarized in a fixed number of figures.
 *
 * @param cosines quantiles of the cosine from 0 to 1 by hundredths, nearest rank, ascending
 * @param sqnrsDb quantiles of the SQNR in dB, in the same form
 * @param worst the samples of the lowest cosine, lowest first
 * @param floats some values of the float model: of a few samples, spread over their hashes
 * @param quantized the quantized model's values at the same positions
 * @param cosineMean where the mean of the cosines is, by a bootstrap; empty in runs before it was
 *     measured, and for fewer than two samples
 */
public record PerSample(
    List<Double> cosines,
    List<Double> sqnrsDb,
    List<Worst> worst,
    List<Float> floats,
    List<Float> quantized,
    Optional<Interval> cosineMean) {

  /** Creates figures without an interval. */
  public PerSample(
      List<Double> cosines,
      List<Double> sqnrsDb,
      List<Worst> worst,
      List<Float> floats,
      List<Float> quantized) {
    this(cosines, sqnrsDb, worst, floats, quantized, Optional.empty());
  }

  public PerSample {
    cosines = List.copyOf(cosines);
    sqnrsDb = List.copyOf(sqnrsDb);
    worst = List.copyOf(worst);
    floats = List.copyOf(floats);
    quantized = List.copyOf(quantized);
  }

  /**
   * A sample.
   *
   * @param sample the sha256 of its encoding in hexadecimal
   * @param cosine between float and quantized vector; NaN if unknown
   * @param sqnrDb in dB; infinite if nothing differs, NaN if unknown
   */
  public record Worst(String sample, double cosine, double sqnrDb) {}
}
