package dev.tare.jobs.artifact;

import java.util.Collections;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * The quality with each quantized operator left in float, one at a time, measured on held-out
 * samples.
 *
 * @param samples samples run by every variant
 * @param quantized the fully quantized model on them
 * @param operators the model with one operator in float, by the operator's name
 */
public record Sensitivity(long samples, Score quantized, SortedMap<String, Score> operators) {

  public Sensitivity {
    operators = Collections.unmodifiableSortedMap(new TreeMap<>(operators));
  }

  /**
   * The headline vector compared with the float model's.
   *
   * @param sqnrDb signal to noise over all samples in dB; infinite if nothing differs
   * @param cosineMean mean over samples
   */
  public record Score(double sqnrDb, double cosineMean) {}
}
