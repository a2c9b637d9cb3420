package dev.tare.jobs.cli;

import dev.tare.engine.histogram.ChannelMode;
import java.util.SortedMap;

/**
 * What calibration collects.
 *
 * @param observe {@code constant-weight-inputs}, {@code matmul}, {@code all} or a pattern over
 *     tensor names
 * @param channels what is kept per channel
 * @param channelBits mantissa bits of the bins per channel, 1 to 10
 */
public record ObserveOptions(String observe, ChannelMode channels, int channelBits) {
  static final int MIN_BITS = 1;
  static final int MAX_BITS = 10;

  /**
   * @throws IllegalArgumentException if the bits are out of their bounds
   */
  public ObserveOptions {
    if (channelBits < MIN_BITS || channelBits > MAX_BITS) {
      throw new IllegalArgumentException(
          "channel-bits is %d, not %d to %d".formatted(channelBits, MIN_BITS, MAX_BITS));
    }
  }

  SortedMap<String, String> configuration() {
    return new Settings()
        .put("observe", observe)
        .put("channels", channels)
        .put("channel-bits", channelBits)
        .values();
  }
}
