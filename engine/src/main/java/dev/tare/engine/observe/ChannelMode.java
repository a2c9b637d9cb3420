package dev.tare.engine.observe;

/** What an observer keeps of each channel. */
public enum ChannelMode {
  /** Nothing: only the whole tensor is observed. */
  NONE,
  /** Counts and exact extremes. */
  EXTREMES,
  /** Counts, exact extremes and a histogram. */
  HISTOGRAM
}
