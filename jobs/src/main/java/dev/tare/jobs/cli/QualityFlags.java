package dev.tare.jobs.cli;

import dev.tare.jobs.evaluate.Gate;
import dev.tare.jobs.evaluate.LabelOptions;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import picocli.CommandLine.Option;

/** Options on how the outputs of both models are compared. */
final class QualityFlags {
  @Option(
      names = "--min-sqnr-db",
      paramLabel = "DB",
      description = "Gate: minimum SQNR of an output in dB (default: none).")
  private Double minSqnrDb;

  @Option(
      names = "--min-channel-sqnr",
      paramLabel = "DB",
      description =
          "Gate: minimum SQNR in dB of a channel, on the last axis or the second of an image, of"
              + " any output (default: none; channels below 20 dB give a warning).")
  private Double minChannelSqnr;

  @Option(
      names = "--latency",
      description =
          "Also measure the time of both models on the same batches, in turns, in one task.")
  private boolean latency;

  @Option(
      names = "--max-latency-ratio",
      paramLabel = "R",
      description =
          "Gate: most time of the quantized model as a multiple of the float model's; implies"
              + " --latency (default: none).")
  private Double maxLatencyRatio;

  @Option(
      names = "--classes",
      paramLabel = "NAMES",
      description =
          "Outputs whose largest value along the last axis is the answer: comma-separated names,"
              + " all, none, or auto: outputs of a Softmax or named logits or probabilities, with"
              + " at least 3 classes (default: auto).")
  private String classes;

  @Option(
      names = "--labels",
      paramLabel = "COLUMN",
      description =
          "Also measure both models by the labels in this column: accuracy and macro F1 of an"
              + " output with classes, or how often the nearest neighbour of an embedding has the"
              + " same label; runs both models once more (default: not measured).")
  private String labels;

  @Option(
      names = "--label-names",
      paramLabel = "NAMES",
      description =
          "Labels of the classes 0, 1, ..., comma-separated, where --labels has names (default: its"
              + " labels are the numbers).")
  private String labelNames;

  @Option(
      names = "--ctc-blank",
      paramLabel = "N",
      converter = Converters.NotNegative.class,
      description =
          "Also measure strings of an output with classes for every step, decoded greedily as by"
              + " CTC, in which class N is no character: how many are as the float model's, and"
              + " with --labels as labelled; then --label-names are the characters (default: not"
              + " measured).")
  private Long ctcBlank;

  @Option(
      names = "--sensitivity",
      paramLabel = "N",
      converter = Converters.Million.class,
      description =
          "Also measure the gain from leaving each quantized operator in float, one at a time, on N"
              + " of the held-out samples (default: not measured).")
  private Integer sensitivity;

  @Option(
      names = "--python",
      paramLabel = "PYTHON",
      description =
          "Python of the driver with the package openvino, by which target openvino is measured"
              + " (default: the one that TARE_PYTHON names, or python3).")
  private String python;

  /** Returns the gate; commands have different defaults for the limit of the cosine. */
  Gate gate(Double minCosine) {
    return new Gate(
        optional(minCosine),
        optional(minSqnrDb),
        optional(minChannelSqnr),
        optional(maxLatencyRatio));
  }

  private static OptionalDouble optional(Double limit) {
    return limit == null ? OptionalDouble.empty() : OptionalDouble.of(limit);
  }

  /**
   * Returns the number of samples for measuring the cost of each operator; empty if not requested.
   */
  OptionalInt sensitivity() {
    return sensitivity == null ? OptionalInt.empty() : OptionalInt.of(sensitivity);
  }

  boolean latency() {
    return latency;
  }

  Optional<String> python() {
    return Optional.ofNullable(python);
  }

  LabelOptions labels() {
    return LabelOptions.of(
        Optional.ofNullable(labels),
        Optional.ofNullable(labelNames),
        ctcBlank == null
            ? OptionalInt.empty()
            : OptionalInt.of((int) Math.min(ctcBlank, Integer.MAX_VALUE)));
  }

  Optional<String> classes() {
    return Optional.ofNullable(classes);
  }
}
