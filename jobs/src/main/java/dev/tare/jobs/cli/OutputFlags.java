package dev.tare.jobs.cli;

import dev.tare.jobs.run.OutputOptions;
import dev.tare.jobs.storage.Atomicity;
import dev.tare.jobs.storage.IfFinished;
import java.util.Optional;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Options on where a run is written. */
final class OutputFlags {
  @Option(
      names = "--output",
      required = true,
      paramLabel = "RUN",
      description = "Run folder to write, path or URI (file:, hdfs: or s3a:).")
  private String output;

  @Option(
      names = "--run-id",
      paramLabel = "ID",
      converter = Converters.Run.class,
      description = "Id of the run (default: the last element of --output).")
  private String runId;

  @Option(
      names = "--if-finished",
      paramLabel = "fail|reuse",
      defaultValue = "fail",
      description =
          "If --output contains a finished run: fail with exit code 5, or reuse it if inputs and configuration are the same (default: ${DEFAULT-VALUE}).")
  private IfFinished ifFinished;

  @Mixin private IfNotAtomic atomicity;

  OutputOptions options() {
    return new OutputOptions(output, Optional.ofNullable(runId), ifFinished, atomicity.atomicity());
  }

  /** What to do if nothing can be published in one step. */
  static final class IfNotAtomic {
    @Option(
        names = "--allow-non-atomic",
        description =
            "Also write if a run or a name cannot be published in one step; then no two processes may write the same one (default: ${DEFAULT-VALUE}).")
    private boolean allowNonAtomic;

    Atomicity atomicity() {
      return allowNonAtomic ? Atomicity.WHERE_POSSIBLE : Atomicity.REQUIRED;
    }
  }
}
