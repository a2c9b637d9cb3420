package dev.tare.jobs.artifact;

import java.util.List;

/**
 * One vector compared sample by sample, in as many numbers for a million samples as for a hundred.
 *
 * @param cosines quantiles of the cosine from 0 to 1 by hundredths, nearest rank, ascending
 * @param sqnrsDb quantiles of the SQNR in dB, likewise
 * @param worst the samples of the lowest cosine, lowest first
 * @param floats some values of the float model: of a few samples, spread over their hashes
 * @param quantized the quantized model's values at the same places
 */
public record PerSample(
    List<Double> cosines,
    List<Double> sqnrsDb,
    List<Worst> worst,
    List<Float> floats,
    List<Float> quantized) {

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
   * @param cosine between float and quantized vector; NaN where a figure is not known
   * @param sqnrDb in dB; infinite where nothing differs, NaN where it is not known
   */
  public record Worst(String sample, double cosine, double sqnrDb) {}
}
