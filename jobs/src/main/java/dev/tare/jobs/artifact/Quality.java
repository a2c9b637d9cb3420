package dev.tare.jobs.artifact;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * The figures of an evaluation: {@code quality.json}, written by {@link QualityJson}.
 *
 * @param samples held-out samples
 * @param heldOut how they were separated from calibration samples
 * @param outputs one entry per output, and one per pooled embedding
 * @param nearestNeighbour share of samples whose nearest other sample is the same in both models;
 *     empty without an embedding
 * @param neighbourSamples samples among which neighbours were sought
 * @param timeRatio time of the quantized model over that of the float model, on the same batches
 * @param cpus processors of the executors with their features: int8 figures depend on them
 * @param gate limits and the figures they were compared with
 * @param warnings differences that the cosine does not show, one sentence each
 * @param target what the target computes beside what was predicted; empty unless it was run
 * @param latency times of both models; empty unless they were measured
 * @param sensitivity results of leaving one operator in float at a time; empty unless requested
 * @param labels what both models are worth by labels; empty unless there are some
 */
public record Quality(
    long samples,
    String heldOut,
    List<OutputQuality> outputs,
    Optional<Double> nearestNeighbour,
    int neighbourSamples,
    double timeRatio,
    SortedSet<String> cpus,
    GateResult gate,
    List<String> warnings,
    Optional<TargetQuality> target,
    Optional<Latency> latency,
    Optional<Sensitivity> sensitivity,
    Optional<LabelQuality> labels) {

  /**
   * @throws IllegalArgumentException if a number of samples is negative
   */
  public Quality {
    if (samples < 0 || neighbourSamples < 0) {
      throw new IllegalArgumentException(
          "Negative number of samples: %d, %d".formatted(samples, neighbourSamples));
    }
    outputs = List.copyOf(outputs);
    cpus = Collections.unmodifiableSortedSet(new TreeSet<>(cpus));
    warnings = List.copyOf(warnings);
  }

  /** Figures without labels. */
  public Quality(
      long samples,
      String heldOut,
      List<OutputQuality> outputs,
      Optional<Double> nearestNeighbour,
      int neighbourSamples,
      double timeRatio,
      SortedSet<String> cpus,
      GateResult gate,
      List<String> warnings,
      Optional<TargetQuality> target,
      Optional<Latency> latency,
      Optional<Sensitivity> sensitivity) {
    this(
        samples,
        heldOut,
        outputs,
        nearestNeighbour,
        neighbourSamples,
        timeRatio,
        cpus,
        gate,
        warnings,
        target,
        latency,
        sensitivity,
        Optional.empty());
  }

  /** Returns the quality with what both models are worth by labels. */
  public Quality with(LabelQuality measured) {
    return new Quality(
        samples,
        heldOut,
        outputs,
        nearestNeighbour,
        neighbourSamples,
        timeRatio,
        cpus,
        gate,
        warnings,
        target,
        latency,
        sensitivity,
        Optional.of(measured));
  }

  /** Returns the quality with a sensitivity measurement. */
  public Quality with(Sensitivity measured) {
    return new Quality(
        samples,
        heldOut,
        outputs,
        nearestNeighbour,
        neighbourSamples,
        timeRatio,
        cpus,
        gate,
        warnings,
        target,
        latency,
        Optional.of(measured),
        labels);
  }

  /** Returns the quality with times of both models, and a gate that they may have failed. */
  public Quality with(Latency measured, GateResult outcome) {
    return new Quality(
        samples,
        heldOut,
        outputs,
        nearestNeighbour,
        neighbourSamples,
        timeRatio,
        cpus,
        outcome,
        warnings,
        target,
        Optional.of(measured),
        sensitivity,
        labels);
  }

  /** Returns the quality with what the target computes, and more warnings. */
  public Quality with(TargetQuality measured, List<String> more) {
    List<String> all = new ArrayList<>(warnings);
    all.addAll(more);
    return new Quality(
        samples,
        heldOut,
        outputs,
        nearestNeighbour,
        neighbourSamples,
        timeRatio,
        cpus,
        gate,
        all,
        Optional.of(measured),
        latency,
        sensitivity,
        labels);
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
   * @param argmaxAgreement share of positions whose largest value is at the same index; empty for a
   *     pooled vector and for labels
   * @param perSample the same by sample
   * @param facts what these figures do not show; empty for a pooled vector
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
      Optional<OutputFacts> facts) {

    static final String POOLED = "mean-pooled, normalized";

    /** Labels as one-hot vectors: the cosine is the share of equal labels. */
    private static final String LABELS = "labels, one-hot";

    private static final String AS_IS = "as is";

    public OutputQuality {
      cosinePercentiles = Collections.unmodifiableSortedMap(new TreeMap<>(cosinePercentiles));
    }

    /** Describes in words which vector of the output was compared. */
    public String vector() {
      return pooled ? POOLED : labelsEqual().isPresent() ? LABELS : AS_IS;
    }

    /** Share of equal labels; empty for an output of numbers. */
    public Optional<Double> labelsEqual() {
      return facts.flatMap(OutputFacts::labelsEqual);
    }

    /** The axis with the worst channel, if any was measured. */
    public Optional<ChannelQuality> worstChannel() {
      return facts.flatMap(OutputFacts::worstChannel);
    }

    /** Returns the largest absolute error; empty for labels and if no value was compared. */
    public Optional<Double> largestError() {
      return facts
          .filter(known -> known.labelsEqual().isEmpty())
          .map(OutputFacts::largestError)
          .filter(error -> !Double.isNaN(error));
    }

    /** Returns the agreement of largest values, if they select classes. */
    public Optional<Double> classAgreement() {
      // Evaluations of older versions do not state whether there are classes.
      return argmaxAgreement.filter(share -> facts.map(OutputFacts::classes).orElse(true));
    }
  }

  /**
   * The quality gate.
   *
   * @param asked whether any limit was set
   * @param passed whether every limit was met
   * @param failures one sentence for each limit that was not met
   */
  public record GateResult(boolean asked, boolean passed, List<String> failures) {

    public GateResult {
      failures = List.copyOf(failures);
    }

    /** Returns the outcome as a constant. */
    public GateOutcome gate() {
      return !asked ? GateOutcome.NONE : passed ? GateOutcome.PASSED : GateOutcome.FAILED;
    }

    /** {@code passed}, {@code failed} or {@code none}. */
    public String outcome() {
      return gate().word();
    }
  }

  /**
   * Returns the headline vector: the pooled embedding if there is one, else the first output of
   * numbers, else the first of labels.
   *
   * @throws IllegalStateException if nothing was compared
   */
  public OutputQuality headline() {
    return headline(outputs).orElseThrow(() -> new IllegalStateException("No output was compared"));
  }

  /** Returns the headline vector among these; empty if there is none. */
  public static Optional<OutputQuality> headline(List<OutputQuality> outputs) {
    return outputs.stream()
        .filter(OutputQuality::pooled)
        .findFirst()
        .or(() -> outputs.stream().filter(o -> o.labelsEqual().isEmpty()).findFirst())
        .or(() -> outputs.stream().findFirst());
  }
}
