package dev.tare.jobs.cli;

import java.util.OptionalDouble;
import java.util.SortedMap;

/**
 * The quality below which a run ends with exit code 4.
 *
 * @param minCosine least mean cosine against the float model, -1 to 1; no such gate if empty
 * @param minSqnrDb least SQNR in dB; no such gate if empty
 * @param minChannelSqnr least SQNR of a channel in dB; no such gate if empty
 */
public record GateOptions(
    OptionalDouble minCosine, OptionalDouble minSqnrDb, OptionalDouble minChannelSqnr) {

  /** No gate at all. */
  public static final GateOptions NONE =
      new GateOptions(OptionalDouble.empty(), OptionalDouble.empty(), OptionalDouble.empty());

  SortedMap<String, String> configuration() {
    Settings settings = new Settings();
    minCosine.ifPresent(v -> settings.put("min-cosine", v));
    minSqnrDb.ifPresent(v -> settings.put("min-sqnr-db", v));
    minChannelSqnr.ifPresent(v -> settings.put("min-channel-sqnr", v));
    return settings.values();
  }
}
