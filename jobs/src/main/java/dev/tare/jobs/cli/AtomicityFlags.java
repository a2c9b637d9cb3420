package dev.tare.jobs.cli;

import dev.tare.jobs.storage.Atomicity;
import picocli.CommandLine.Option;

/** What to do if nothing can be published in one step. */
final class AtomicityFlags {
  @Option(
      names = "--allow-non-atomic",
      description =
          "Also write if a run or a name cannot be published in one step; then no two processes may write the same one (default: ${DEFAULT-VALUE}).")
  private boolean allowNonAtomic;

  Atomicity atomicity() {
    return allowNonAtomic ? Atomicity.WHERE_POSSIBLE : Atomicity.REQUIRED;
  }
}
