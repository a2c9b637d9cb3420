package dev.tare.jobs.artifact;

import java.util.List;
import java.util.Optional;

/**
 * What it costs to quantize one group alone, a weight with the operators that read it, or all of
 * them together.
 *
 * @param weight name of the group's weight; empty for all groups together
 * @param level how the weight is stored
 * @param operators that read it
 * @param elements of the weight
 * @param floatBytes that it takes in float
 * @param bytes that it takes with its scales and zero points
 * @param sqnrDb signal to noise of the judged output in dB; infinite if nothing differs
 * @param cosine its mean cosine over samples
 */
public record GroupError(
    Optional<String> weight,
    WeightLevel level,
    List<String> operators,
    long elements,
    long floatBytes,
    long bytes,
    double sqnrDb,
    double cosine) {

  public GroupError {
    operators = List.copyOf(operators);
  }

  /** Power of the noise over that of the signal, which adds up over groups; NaN if not measured. */
  public double noise() {
    return StrictMath.pow(10, -sqnrDb / 10);
  }
}
