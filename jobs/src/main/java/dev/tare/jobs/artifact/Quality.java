package dev.tare.jobs.artifact;

import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * What evaluation measured: {@code quality.json}, which {@link QualityJson} writes.
 *
 * @param samples held-out samples
 * @param heldOut how they were kept apart from calibration
 * @param outputs one entry per output, and one per pooled embedding
 * @param nearestNeighbour share of samples whose nearest other sample is the same in both models;
 *     empty without an embedding
 * @param neighbourSamples samples among which neighbours were sought
 * @param timeRatio time of the quantized model over that of the float model, on the same batches
 * @param cpus processors of the executors with their features: int8 figures depend on them
 * @param gate limits and what they were held against
 * @param warnings what a reader of the cosine alone would miss, one sentence each
 * @param sensitivity operators left in float one at a time; empty unless asked for
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
    Optional<Sensitivity> sensitivity) {

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

  /** The same with operators measured one by one. */
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
   * @param facts what these do not say; empty for a pooled vector
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

    /** Each label as a vector with a 1 at its place: the cosine is the share of equal labels. */
    private static final String LABELS = "labels, one-hot";

    private static final String AS_IS = "as is";

    public OutputQuality {
      cosinePercentiles = Collections.unmodifiableSortedMap(new TreeMap<>(cosinePercentiles));
    }

    /** Which vector of the output was compared, in words. */
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

    /** Largest absolute error of a number; empty for labels and where no value was compared. */
    public Optional<Double> largestError() {
      return facts
          .filter(known -> known.labelsEqual().isEmpty())
          .map(OutputFacts::largestError)
          .filter(error -> !Double.isNaN(error));
    }

    /** The agreement of largest values where they decide between classes. */
    public Optional<Double> classAgreement() {
      // Evaluations by older versions do not say whether there are classes.
      return argmaxAgreement.filter(share -> facts.map(OutputFacts::classes).orElse(true));
    }
  }

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

    /** The same in a word. */
    public GateOutcome gate() {
      return !asked ? GateOutcome.NONE : passed ? GateOutcome.PASSED : GateOutcome.FAILED;
    }

    /** {@code passed}, {@code failed} or {@code none}. */
    public String outcome() {
      return gate().word();
    }
  }

  /**
   * The vector that speaks for the model: the pooled embedding where there is one, else the first
   * output of numbers, else the first of labels.
   *
   * @throws IllegalStateException if nothing was compared
   */
  public OutputQuality headline() {
    return headline(outputs).orElseThrow(() -> new IllegalStateException("No output was compared"));
  }

  /** The vector among these that speaks for the model; empty if there is none. */
  public static Optional<OutputQuality> headline(List<OutputQuality> outputs) {
    return outputs.stream()
        .filter(OutputQuality::pooled)
        .findFirst()
        .or(() -> outputs.stream().filter(o -> o.labelsEqual().isEmpty()).findFirst())
        .or(() -> outputs.stream().findFirst());
  }
}
