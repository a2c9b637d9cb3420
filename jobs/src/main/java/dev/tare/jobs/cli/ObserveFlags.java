package dev.tare.jobs.cli;

import dev.tare.jobs.calibrate.Channels;
import dev.tare.jobs.calibrate.CollectedKinds;
import dev.tare.jobs.calibrate.ObserveOptions;
import java.util.Optional;
import picocli.CommandLine.Option;

/** Options on what calibration collects. */
final class ObserveFlags {
  @Option(
      names = "--observe",
      paramLabel = "WHAT",
      description =
          "Tensors to observe: constant-weight-inputs, all-supported, matmul, all, or a pattern over"
              + " tensor names (default: "
              + ObserveOptions.DEFAULT
              + ", or as the recipe of a run requires).")
  private String observe;

  @Option(
      names = "--channels",
      paramLabel = "auto|histogram|extremes|none",
      defaultValue = "auto",
      description =
          "What to keep per channel: auto keeps histograms if those of a task fit into 896 MB, else extremes, else nothing (default: ${DEFAULT-VALUE}).")
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
          "What to collect, as a comma-separated list: histogram, and moments (exact means and variances, 480 more bytes of heap per channel) (default:"
              + " ${DEFAULT-VALUE}).")
  private CollectedKinds collect;

  ObserveOptions options() {
    return new ObserveOptions(Optional.ofNullable(observe), channels, channelBits, collect);
  }
}
