package dev.tare.jobs.calibrate;

import dev.tare.engine.observe.ChannelMode;
import dev.tare.engine.observe.ObserverOptions;
import java.io.Serializable;
import java.util.OptionalInt;

/**
 * A tensor to watch, in a form that travels to executors.
 *
 * @param tensor its name
 * @param channelMode what to keep of each channel
 * @param channelBits mantissa bits of channel histograms
 * @param channelAxis axis of channels, from the end where negative; null without channels
 */
record ObservedTensor(String tensor, ChannelMode channelMode, int channelBits, Integer channelAxis)
    implements Serializable {

  private static final long serialVersionUID = 1L;

  ObservedTensor keeping(ChannelMode mode) {
    return new ObservedTensor(tensor, mode, channelBits, channelAxis);
  }

  ObserverOptions options() {
    return new ObserverOptions(
        ObserverOptions.DEFAULT_MANTISSA_BITS,
        channelAxis == null ? ChannelMode.NONE : channelMode,
        channelBits,
        channelAxis == null ? OptionalInt.empty() : OptionalInt.of(channelAxis));
  }
}
