package dev.tare.jobs.merge;

import dev.tare.jobs.artifact.Settings;
import java.util.List;
import java.util.SortedMap;

/**
 * Options of {@code tare merge}.
 *
 * @param runs run folders with statistics, at least one
 * @param allowMixed whether statistics of different runtimes or CPUs may be merged
 */
public record MergeOptions(List<String> runs, boolean allowMixed) {

  public MergeOptions {
    runs = List.copyOf(runs);
  }

  SortedMap<String, String> configuration() {
    return new Settings()
        .put("runs", String.join(" ", runs))
        .put("allow-mixed", allowMixed)
        .values();
  }
}
