package dev.tare.engine.plan;

import dev.tare.engine.histogram.Distribution;
import java.util.Locale;
import java.util.Optional;

/**
 * Finds ranges that destroy a channel whose large values are rare in the tensor, but decisive: such
 * as one channel of a transformer that is large only at the first token.
 *
 * <p>A channel is destroyed when its expected SQNR is below {@value #DESTROYED_DB} dB, and at least
 * {@value #LOST_DB} dB below what the range of all values would leave: a channel whose values are
 * small beside any scale is lost with both.
 */
final class MethodGuard {

  static final double DESTROYED_DB = 10;
  static final double LOST_DB = 1;

  private MethodGuard() {}

  /**
   * Returns why a tensor needs the range of all values, with the channel that would lose most;
   * empty if no channel is destroyed. Costs a walk through the bins of all channels, two if some
   * may be.
   *
   * @param method name of the method that selected the range
   * @param channels what is expected of each channel; those without bins are not judged
   */
  static Optional<String> against(String method, ChannelLosses channels) {
    int worst = -1;
    int destroyed = 0;
    for (int j = 0; j < channels.size(); j++) {
      if (channels.kept(j) >= DESTROYED_DB) {
        continue;
      }
      if (lost(channels, j) >= LOST_DB) {
        destroyed++;
        if (worst < 0 || lost(channels, j) > lost(channels, worst)) {
          worst = j;
        }
      }
    }
    if (worst < 0) {
      return Optional.empty();
    }
    Distribution channel = channels.channel(worst);
    return Optional.of(
        String.format(
            Locale.ROOT,
            "%s keeps [%s, %s], but channel %d has values in [%s, %s]: %.1f dB instead of %.1f (%d"
                + " of %d channels below %.0f dB)",
            method,
            channels.range().low(),
            channels.range().high(),
            worst,
            channel.min(),
            channel.max(),
            channels.kept(worst),
            channels.possible(worst),
            destroyed,
            channels.size(),
            DESTROYED_DB));
  }

  private static double lost(ChannelLosses channels, int index) {
    return channels.possible(index) - channels.kept(index);
  }
}
