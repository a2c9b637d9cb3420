package dev.tare.jobs.cli;

import dev.tare.jobs.storage.Atomicity;
import picocli.CommandLine.Option;

/** What to do where nothing can be published in one step. */
final class AtomicityFlags {
  @Option(
      names = "--allow-non-atomic",
      description =
          "Write also where a run or a name cannot be published in one step; no two may then write"
              + " the same one (default: ${DEFAULT-VALUE}).")
  private boolean allowNonAtomic;

  Atomicity atomicity() {
    return allowNonAtomic ? Atomicity.WHERE_POSSIBLE : Atomicity.REQUIRED;
  }
}
