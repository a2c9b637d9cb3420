package dev.tare.jobs.cli;

/** What calibration keeps per channel. */
public enum ChannelDetail {
  /** Bins, exact extremes and counts. */
  HISTOGRAM,
  /** Exact extremes and counts. */
  EXTREMES
}
