package dev.tare.jobs.cli;

import dev.tare.jobs.calibrate.Channels;
import dev.tare.jobs.calibrate.CollectedKinds;
import dev.tare.jobs.calibrate.ObserveOptions;
import java.util.Optional;
import picocli.CommandLine.Option;

/** What calibration collects. */
final class ObserveFlags {
  @Option(
      names = "--observe",
      paramLabel = "WHAT",
      description =
          "Tensors to observe: constant-weight-inputs, all-supported, matmul, all, or a pattern over"
              + " tensor names (default: "
              + Defaults.OBSERVE
              + ", or what the recipe of a run places).")
  private String observe;

  @Option(
      names = "--channels",
      paramLabel = "auto|histogram|extremes|none",
      defaultValue = Defaults.CHANNELS,
      description =
          "What to keep per channel: auto takes histograms where those of a task fit into 896 MB,"
              + " else extremes, else nothing (default: ${DEFAULT-VALUE}).")
  private Channels channels;

  @Option(
      names = "--channel-bits",
      paramLabel = "M",
      defaultValue = Defaults.CHANNEL_BITS,
      converter = Converters.MantissaBits.class,
      description =
          "Mantissa bits of the histograms per channel, 1 to 10 (default: ${DEFAULT-VALUE}).")
  private Integer channelBits;

  @Option(
      names = "--collect",
      paramLabel = "KINDS",
      defaultValue = Defaults.COLLECT,
      description =
          "What to collect of tensors, as a list with commas: histogram, and moments, the exact"
              + " means and variances, 480 bytes of heap more for a channel (default:"
              + " ${DEFAULT-VALUE}).")
  private CollectedKinds collect;

  ObserveOptions options() {
    return new ObserveOptions(Optional.ofNullable(observe), channels, channelBits, collect);
  }
}
