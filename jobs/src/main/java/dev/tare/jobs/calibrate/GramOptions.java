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
 */
public record GramOptions(Optional<String> scales, OptionalInt samples) {

  /** Samples by default. */
  public static final int SAMPLES = 256;

  public static final GramOptions DEFAULTS = new GramOptions(Optional.empty(), OptionalInt.empty());

  /** Returns the options by their command-line names. */
  SortedMap<String, String> configuration() {
    return new Settings().put("gram-scales", scales).put("gram-samples", samples).values();
  }
}
