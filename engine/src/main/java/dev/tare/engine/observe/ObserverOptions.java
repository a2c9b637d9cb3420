package dev.tare.engine.observe;

import dev.tare.engine.histogram.FloatBins;
import java.util.OptionalInt;

/**
 * What an observer keeps of a tensor.
 *
 * @param mantissaBits of the whole tensor's histogram, in [1, 10]
 * @param channelMode what to keep of each channel
 * @param channelBits mantissa bits of a channel's histogram, in [1, 10]
 * @param channelAxis axis of channels in every observed shape, batch axis included; negative values
 *     count from the end; required unless the mode is NONE. For a MatMul input it is -1, for a Conv
 *     input 1
 */
public record ObserverOptions(
    int mantissaBits, ChannelMode channelMode, int channelBits, OptionalInt channelAxis) {

  public static final int DEFAULT_MANTISSA_BITS = 10;
  public static final int DEFAULT_CHANNEL_BITS = 5;

  /**
   * @throws IllegalArgumentException if bits are outside [1, 10], or channels lack an axis
   */
  public ObserverOptions {
    FloatBins.of(mantissaBits);
    FloatBins.of(channelBits);
    if (channelMode != ChannelMode.NONE && channelAxis.isEmpty()) {
      throw new IllegalArgumentException(
          "Invalid observer options: channel mode " + channelMode + " without a channel axis");
    }
  }

  /** Only the whole tensor, with 10 mantissa bits. */
  public static ObserverOptions ofWhole() {
    return new ObserverOptions(
        DEFAULT_MANTISSA_BITS, ChannelMode.NONE, DEFAULT_CHANNEL_BITS, OptionalInt.empty());
  }

  /** The whole tensor with 10 mantissa bits, and channels, with 5 where they have histograms. */
  public static ObserverOptions ofChannels(ChannelMode mode, int axis) {
    return new ObserverOptions(
        DEFAULT_MANTISSA_BITS, mode, DEFAULT_CHANNEL_BITS, OptionalInt.of(axis));
  }
}
