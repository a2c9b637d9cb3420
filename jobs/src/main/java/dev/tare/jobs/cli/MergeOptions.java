package dev.tare.jobs.cli;

import java.util.List;
import java.util.SortedMap;

/**
 * Options of {@code tare merge}.
 *
 * @param runs run folders with statistics, at least one
 * @param allowMixed whether statistics of different runtimes or CPUs may be merged
 * @param output where the run goes
 */
public record MergeOptions(List<String> runs, boolean allowMixed, OutputOptions output)
    implements StageOptions {

  public MergeOptions {
    runs = List.copyOf(runs);
  }

  @Override
  public SortedMap<String, String> configuration() {
    return new Settings()
        .put("runs", String.join(" ", runs))
        .put("allow-mixed", allowMixed)
        .values();
  }
}
