package dev.tare.jobs.calibrate;

import dev.tare.engine.observe.ChannelMode;
import java.util.Collections;
import java.util.SortedSet;
import java.util.TreeSet;

/**
 * What a calibration kept of channels.
 *
 * @param mode the same for all tensors that have channels
 * @param varying tensors without channels, because their channel axis has another size from sample
 *     to sample
 * @param bytes of heap that one task could take for it
 * @param description for people: what, of how many channels, and where auto chose it, why
 */
public record KeptChannels(
    ChannelMode mode, SortedSet<String> varying, long bytes, String description) {
  public KeptChannels {
    varying = Collections.unmodifiableSortedSet(new TreeSet<>(varying));
  }
}
