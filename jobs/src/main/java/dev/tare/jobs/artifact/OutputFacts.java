package dev.tare.jobs.artifact;

import java.util.List;
import java.util.Optional;

/**
 * What cosine and SQNR of an output do not say.
 *
 * @param largestError largest absolute difference of a value; NaN where no value was compared
 * @param classes whether the largest value along the last axis decides between classes
 * @param labelsEqual share of equal labels; empty for an output of numbers
 * @param oneValue whether every sample gives one value, whose cosine can only be 1 or -1
 * @param otherShapes samples whose output has another shape in the quantized model; left out of all
 *     figures
 * @param withoutValues samples that gave no finite value to compare; left out likewise
 * @param equalNonFinite values that are the same infinity, or NaN, in both models; left out
 * @param differentNonFinite values that are infinite or NaN in one model, or another infinity; left
 *     out, but no gate is passed with one
 * @param channels the channels of each axis that was measured, last axis first; one with too many
 *     is not
 */
public record OutputFacts(
    double largestError,
    boolean classes,
    Optional<Double> labelsEqual,
    boolean oneValue,
    long otherShapes,
    long withoutValues,
    long equalNonFinite,
    long differentNonFinite,
    List<ChannelQuality> channels) {

  public OutputFacts {
    channels = List.copyOf(channels);
  }

  /** The axis with the worst channel, if any was measured. */
  public Optional<ChannelQuality> worstChannel() {
    return channels.stream().min((a, b) -> Double.compare(a.worstSqnrDb(), b.worstSqnrDb()));
  }
}
