package dev.tare.jobs.cli;

import java.util.Optional;
import java.util.OptionalDouble;
import picocli.CommandLine.Option;

/** How the outputs of both models are judged, beyond cosine and SQNR. */
final class QualityFlags {
  @Option(
      names = "--min-channel-sqnr",
      paramLabel = "DB",
      converter = Converters.Decibels.class,
      description =
          "Gate: least SQNR in dB of a channel, on the last axis or the second of an image, of any"
              + " output (default: none; hidden channels below 20 dB are warned of).")
  private Double minChannelSqnr;

  @Option(
      names = "--classes",
      paramLabel = "NAMES",
      converter = Converters.NotEmpty.class,
      description =
          "Outputs whose largest value along the last axis is the answer: names with commas between,"
              + " all, none, or auto: those behind a Softmax or named logits or probabilities, with"
              + " at least 3 classes (default: auto).")
  private String classes;

  OptionalDouble minChannelSqnr() {
    return minChannelSqnr == null ? OptionalDouble.empty() : OptionalDouble.of(minChannelSqnr);
  }

  Optional<String> classes() {
    return Optional.ofNullable(classes);
  }
}
