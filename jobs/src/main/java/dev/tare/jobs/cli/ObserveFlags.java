package dev.tare.jobs.cli;

import dev.tare.engine.histogram.ChannelMode;
import picocli.CommandLine.Option;

/** What calibration collects. */
final class ObserveFlags {
  @Option(
      names = "--observe",
      paramLabel = "WHAT",
      defaultValue = Defaults.OBSERVE,
      converter = Converters.NotEmpty.class,
      description =
          "Tensors to observe: constant-weight-inputs, matmul, all, or a pattern over tensor names"
              + " (default: ${DEFAULT-VALUE}).")
  private String observe;

  @Option(
      names = "--channels",
      paramLabel = "histogram|extremes|none",
      defaultValue = Defaults.CHANNELS,
      converter = Converters.Channels.class,
      description = "What to keep per channel (default: ${DEFAULT-VALUE}).")
  private ChannelMode channels;

  @Option(
      names = "--channel-bits",
      paramLabel = "M",
      defaultValue = Defaults.CHANNEL_BITS,
      converter = Converters.MantissaBits.class,
      description =
          "Mantissa bits of the histograms per channel, 1 to 10 (default: ${DEFAULT-VALUE}).")
  private Integer channelBits;

  ObserveOptions options() {
    return new ObserveOptions(observe, channels, channelBits);
  }
}
