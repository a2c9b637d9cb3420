package dev.tare.jobs.cli;

import dev.tare.jobs.evaluate.Gate;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import picocli.CommandLine.Option;

/** How the outputs of both models are judged, beyond cosine and SQNR. */
final class QualityFlags {
  @Option(
      names = "--min-sqnr-db",
      paramLabel = "DB",
      description = "Gate: least SQNR of an output in dB (default: none).")
  private Double minSqnrDb;

  @Option(
      names = "--min-channel-sqnr",
      paramLabel = "DB",
      description =
          "Gate: least SQNR in dB of a channel, on the last axis or the second of an image, of any"
              + " output (default: none; hidden channels below 20 dB are warned of).")
  private Double minChannelSqnr;

  @Option(
      names = "--classes",
      paramLabel = "NAMES",
      description =
          "Outputs whose largest value along the last axis is the answer: names with commas between,"
              + " all, none, or auto: those behind a Softmax or named logits or probabilities, with"
              + " at least 3 classes (default: auto).")
  private String classes;

  @Option(
      names = "--sensitivity",
      paramLabel = "N",
      converter = Converters.Million.class,
      description =
          "Also leave each quantized operator in float, one at a time, and run the model on N of"
              + " the held-out samples: what that gains goes into the report (default: not"
              + " measured).")
  private Integer sensitivity;

  /** The gate, with the limit of the cosine, which commands have different defaults for. */
  Gate gate(Double minCosine) {
    return new Gate(optional(minCosine), optional(minSqnrDb), optional(minChannelSqnr));
  }

  private static OptionalDouble optional(Double limit) {
    return limit == null ? OptionalDouble.empty() : OptionalDouble.of(limit);
  }

  /** Samples on which to measure what each operator costs; empty if that is not asked for. */
  OptionalInt sensitivity() {
    return sensitivity == null ? OptionalInt.empty() : OptionalInt.of(sensitivity);
  }

  Optional<String> classes() {
    return Optional.ofNullable(classes);
  }
}
