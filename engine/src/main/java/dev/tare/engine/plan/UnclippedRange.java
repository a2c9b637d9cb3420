package dev.tare.engine.plan;

import dev.tare.engine.range.Range;
import java.util.List;
import java.util.OptionalInt;

/**
 * What a tensor would have had with the range of all its values, where another one was chosen: so
 * that a plan says what the choice gains, what it clips, and how far that is outside.
 *
 * @param range of all values; over all channels, where each has a scale
 * @param expectedSqnrDb signal to quantization noise in dB of the whole tensor with that range, or
 *     with that of each channel
 * @param chosenSqnrDb the same with the ranges that were chosen
 * @param clippedChannels how many channels have values more than half a step outside the range that
 *     was chosen; empty where nothing is known about channels
 * @param farthest those of them with values farthest outside, in units of the range, at most
 *     {@value #MOST}
 */
public record UnclippedRange(
    Range range,
    double expectedSqnrDb,
    double chosenSqnrDb,
    OptionalInt clippedChannels,
    List<Channel> farthest) {

  /** More would not be read, and a tensor may have thousands of channels. */
  static final int MOST = 8;

  /**
   * A channel that is clipped.
   *
   * @param channel its number, from 0
   * @param range of all its values
   * @param expectedSqnrDb what is expected of it with the range of all values
   * @param chosenSqnrDb what is expected of it with the range that was chosen
   */
  public record Channel(int channel, Range range, double expectedSqnrDb, double chosenSqnrDb) {}

  public UnclippedRange {
    farthest = List.copyOf(farthest);
  }
}
