package dev.tare.jobs.calibrate;

import dev.tare.engine.observe.ChannelMode;
import java.util.Collections;
import java.util.SortedSet;
import java.util.TreeSet;

/**
 * What a calibration kept of channels.
 *
 * @param mode the same for all tensors that have channels
 * @param varying tensors without channels, because the size of their channel axis varies between
 *     samples
 * @param bytes maximum heap that one task needs for it
 * @param description for display: what, for how many channels, and, if auto chose it, why
 */
public record KeptChannels(
    ChannelMode mode, SortedSet<String> varying, long bytes, String description) {
  public KeptChannels {
    varying = Collections.unmodifiableSortedSet(new TreeSet<>(varying));
  }
}
