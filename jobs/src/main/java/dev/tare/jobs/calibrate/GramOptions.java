package dev.tare.jobs.calibrate;

import dev.tare.jobs.artifact.Settings;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.SortedMap;

/**
 * How Gram matrices are collected, where they are asked for.
 *
 * @param scales the run whose statistics give the scales of channels; empty for those of this run,
 *     of a first pass
 * @param samples how many samples, those with the smallest hashes; empty for {@value #SAMPLES}
 * @param memory megabytes of heap for the matrices of a task, of which only the diagonal is kept
 *     where they would take more; empty for what there is
 */
public record GramOptions(Optional<String> scales, OptionalInt samples, OptionalInt memory) {

  /** Samples by default. */
  public static final int SAMPLES = 256;

  public static final GramOptions DEFAULTS =
      new GramOptions(Optional.empty(), OptionalInt.empty(), OptionalInt.empty());

  /** Returns the options by their command-line names. */
  SortedMap<String, String> configuration() {
    return new Settings()
        .put("gram-scales", scales)
        .put("gram-samples", samples)
        .put("gram-memory", memory)
        .values();
  }
}
