package dev.tare.jobs.cli;

import dev.tare.jobs.calibrate.Channels;
import dev.tare.jobs.calibrate.CollectedKinds;
import dev.tare.jobs.calibrate.GramOptions;
import dev.tare.jobs.calibrate.ObserveOptions;
import java.util.Optional;
import java.util.OptionalInt;
import picocli.CommandLine.Option;

/** Options on what calibration collects. */
final class ObserveFlags {
  @Option(
      names = "--observe",
      paramLabel = "WHAT",
      description =
          "Tensors to observe: constant-weight-inputs, all-supported, matmul, all, or a pattern"
              + " over tensor names (default: "
              + ObserveOptions.DEFAULT
              + ", or as the recipe of a run requires).")
  private String observe;

  @Option(
      names = "--channels",
      paramLabel = "auto|histogram|extremes|none",
      defaultValue = "auto",
      description =
          "What to keep per channel: auto keeps histograms if those of a task fit into 896 MB, else"
              + " extremes, else nothing (default: ${DEFAULT-VALUE}).")
  private Channels channels;

  @Option(
      names = "--channel-bits",
      paramLabel = "M",
      defaultValue = "" + ObserveOptions.DEFAULT_BITS,
      converter = Converters.MantissaBits.class,
      description =
          "Mantissa bits of the histograms per channel, 1 to 10 (default: ${DEFAULT-VALUE}).")
  private Integer channelBits;

  @Option(
      names = "--collect",
      paramLabel = "KINDS",
      defaultValue = "histogram",
      description =
          "What to collect, as a comma-separated list: histogram, moments (exact means and"
              + " variances, 480 more bytes of heap per channel), folds (statistics of eighths of"
              + " the samples, which show whether more samples would change scales), and gram"
              + " (products of channels of inputs of MatMul, Gemm, Conv, from a second pass over"
              + " some samples) (default: ${DEFAULT-VALUE}).")
  private CollectedKinds collect;

  @Option(
      names = "--gram-scales",
      paramLabel = "RUN",
      description =
          "Collect gram under the scales of this run's extremes, so that it can be merged with"
              + " others under them (default: those of a first pass).")
  private String gramScales;

  @Option(
      names = "--gram-samples",
      paramLabel = "N",
      converter = Converters.Million.class,
      description =
          "Samples to collect gram from, those with the smallest hashes (default: "
              + GramOptions.SAMPLES
              + ").")
  private Integer gramSamples;

  @Option(
      names = "--gram-memory",
      paramLabel = "MB",
      converter = Converters.Megabytes.class,
      description =
          "Megabytes of heap for the gram of a task; of the largest inputs only the diagonal is"
              + " kept where all would take more (default: what there is).")
  private Integer gramMemory;

  ObserveOptions options() {
    return new ObserveOptions(
        Optional.ofNullable(observe),
        channels,
        channelBits,
        collect,
        new GramOptions(
            Optional.ofNullable(gramScales), optional(gramSamples), optional(gramMemory)));
  }

  private static OptionalInt optional(Integer given) {
    return given == null ? OptionalInt.empty() : OptionalInt.of(given);
  }
}
