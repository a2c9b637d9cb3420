package dev.tare.jobs.cli;

import dev.tare.jobs.storage.Atomicity;
import dev.tare.jobs.storage.IfFinished;
import java.util.Optional;
import picocli.CommandLine.Option;

/** Where a run goes. */
final class OutputFlags {
  @Option(
      names = "--output",
      required = true,
      paramLabel = "RUN",
      converter = Converters.NotEmpty.class,
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
      converter = Converters.Finished.class,
      description =
          "When --output holds a finished run: fail with exit code 5, or reuse it if inputs and"
              + " configuration are the same (default: ${DEFAULT-VALUE}).")
  private IfFinished ifFinished;

  @Option(
      names = "--allow-non-atomic",
      arity = "0..1",
      fallbackValue = "true",
      defaultValue = "false",
      paramLabel = "true|false",
      converter = Converters.Flag.class,
      description =
          "Write also where a run cannot be published in one step; no two may then write the same"
              + " run (default: ${DEFAULT-VALUE}).")
  private boolean allowNonAtomic;

  OutputOptions options() {
    return new OutputOptions(
        output,
        Optional.ofNullable(runId),
        ifFinished,
        allowNonAtomic ? Atomicity.WHERE_POSSIBLE : Atomicity.REQUIRED);
  }
}
