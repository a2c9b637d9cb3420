package dev.tare.jobs.evaluate;

import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.SortedSet;

/**
 * What evaluation measured.
 *
 * @param samples held-out samples
 * @param outputs one entry per output, and one per pooled embedding
 * @param nearestNeighbour share of samples whose nearest other sample is the same in both models;
 *     empty without an embedding
 * @param neighbourSamples samples among which neighbours were sought
 * @param timeRatio time of the quantized model over that of the float model, on the same batches
 * @param cpus processors of the executors with their features: int8 figures depend on them
 * @param gate limits and what they were held against
 * @param sensitivity operators left in float one at a time; empty unless asked for
 */
public record Quality(
    long samples,
    List<OutputQuality> outputs,
    Optional<Double> nearestNeighbour,
    int neighbourSamples,
    double timeRatio,
    SortedSet<String> cpus,
    GateResult gate,
    Optional<Sensitivity> sensitivity) {

  public Quality {
    outputs = List.copyOf(outputs);
  }

  /** The same with operators measured one by one. */
  public Quality with(Sensitivity measured) {
    return new Quality(
        samples,
        outputs,
        nearestNeighbour,
        neighbourSamples,
        timeRatio,
        cpus,
        gate,
        Optional.of(measured));
  }

  /**
   * One vector compared.
   *
   * @param name name of the output
   * @param pooled whether this is the mean over tokens, normalized, and not the output itself
   * @param sqnrDb signal to quantization noise over all samples, in dB
   * @param cosineMean mean over samples of the cosine between float and quantized vector
   * @param cosineMin the smallest
   * @param cosinePercentiles the 1st, 5th, 25th and 50th percentile, nearest rank
   * @param argmaxAgreement share of positions whose largest value sits at the same place; empty for
   *     a pooled vector and for labels
   * @param perSample the same by sample
   * @param facts what these do not say
   */
  public record OutputQuality(
      String name,
      boolean pooled,
      double sqnrDb,
      double cosineMean,
      double cosineMin,
      SortedMap<Integer, Double> cosinePercentiles,
      Optional<Double> argmaxAgreement,
      PerSample perSample,
      OutputFacts facts) {}

  /**
   * The quality gate.
   *
   * @param asked whether there was any limit
   * @param passed whether every limit held
   * @param failures one sentence for each that did not
   */
  public record GateResult(boolean asked, boolean passed, List<String> failures) {

    public GateResult {
      failures = List.copyOf(failures);
    }

    /** {@code passed}, {@code failed} or {@code none}. */
    public String outcome() {
      return !asked ? "none" : passed ? "passed" : "failed";
    }
  }

  /** What a reader of the cosine alone would miss, one sentence each. */
  public List<String> warnings() {
    return QualityWarnings.of(outputs, samples);
  }

  /**
   * The vector that speaks for the model: the pooled embedding where there is one, else the first
   * output of numbers, else the first of labels.
   */
  public OutputQuality headline() {
    return headline(outputs);
  }

  static OutputQuality headline(List<OutputQuality> outputs) {
    return outputs.stream()
        .filter(OutputQuality::pooled)
        .findFirst()
        .or(() -> outputs.stream().filter(o -> o.facts().labelsEqual().isEmpty()).findFirst())
        .orElse(outputs.get(0));
  }
}
