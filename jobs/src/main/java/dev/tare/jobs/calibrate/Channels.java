package dev.tare.jobs.calibrate;

import dev.tare.engine.observe.ChannelMode;
import java.util.Optional;

/** What to keep per channel, as users choose it. */
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

  /** What is kept; empty where that is to be found out. */
  public Optional<ChannelMode> mode() {
    return mode;
  }
}
