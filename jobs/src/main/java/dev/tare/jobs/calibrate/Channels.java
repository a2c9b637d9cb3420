package dev.tare.jobs.calibrate;

import dev.tare.engine.observe.ChannelMode;
import java.util.Optional;

/** The user's choice of what to keep per channel. */
public enum Channels {
  /** The most that fits: histograms, else extremes, else nothing. */
  AUTO(Optional.empty()),
  HISTOGRAM(Optional.of(ChannelMode.HISTOGRAM)),
  EXTREMES(Optional.of(ChannelMode.EXTREMES)),
  NONE(Optional.of(ChannelMode.NONE));

  private final Optional<ChannelMode> mode;

  Channels(Optional<ChannelMode> mode) {
    this.mode = mode;
  }

  /** Returns what is kept; empty if it is decided automatically. */
  public Optional<ChannelMode> mode() {
    return mode;
  }
}
