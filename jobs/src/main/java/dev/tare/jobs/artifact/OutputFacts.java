package dev.tare.jobs.artifact;

import java.util.List;
import java.util.Optional;

/**
 * What cosine and SQNR of an output do not show.
 *
 * @param largestError largest absolute difference of a value; NaN where no value was compared
 * @param classes whether the largest value along the last axis selects a class
 * @param labelsEqual share of equal labels; empty for an output of numbers
 * @param oneValue whether the output has one value per sample, so that its cosine is 1 or -1
 * @param otherShapes samples whose output has another shape in the quantized model; left out of all
 *     figures
 * @param withoutValues samples without a finite value to compare; also left out
 * @param equalNonFinite values that are the same infinity, or NaN, in both models; left out
 * @param differentNonFinite values that are infinite or NaN in one model only, or different
 *     infinities; left out, but they fail every gate
 * @param channels the channels of each measured axis, last axis first; an axis with too many is not
 *     measured
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
