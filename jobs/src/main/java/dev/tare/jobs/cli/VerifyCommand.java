package dev.tare.jobs.cli;

import dev.tare.jobs.ExitCode;
import java.io.IOException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

@Command(
    name = "verify",
    description = "Compare every file of a finished run with its manifest, byte for byte.",
    customSynopsis = "tare verify RUN",
    footer = "  tare verify runs/first")
final class VerifyCommand extends StageCommand {
  @Parameters(
      paramLabel = "RUN",
      converter = Converters.NotEmpty.class,
      description = "Finished run, or a name that points to one, path or URI.")
  private String run;

  VerifyCommand(Stages stages) {
    super(stages);
  }

  @Override
  ExitCode execute(Stages on) throws IOException {
    return on.verify(new VerifyOptions(run));
  }
}
