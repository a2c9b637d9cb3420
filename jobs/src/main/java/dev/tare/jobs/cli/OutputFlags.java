package dev.tare.jobs.cli;

import dev.tare.jobs.run.OutputOptions;
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
      defaultValue = Defaults.IF_FINISHED,
      description =
          "If --output contains a finished run: fail with exit code 5, or reuse it if inputs and configuration are the same (default: ${DEFAULT-VALUE}).")
  private IfFinished ifFinished;

  @Mixin private AtomicityFlags atomicity;

  OutputOptions options() {
    return new OutputOptions(output, Optional.ofNullable(runId), ifFinished, atomicity.atomicity());
  }
}
