package dev.tare.jobs.cli;

import dev.tare.jobs.ExitCode;
import dev.tare.jobs.console.Console;
import dev.tare.jobs.manage.Housekeeping;
import java.io.IOException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code tare verify}. */
@Command(
    name = "verify",
    description = "Compare every file of a finished run with its manifest, byte for byte.",
    customSynopsis = "tare verify RUN",
    footer = "  tare verify runs/first")
public final class VerifyCommand extends TareCommand {
  @Parameters(
      paramLabel = "RUN",
      description = "Finished run, or a name that points to one, path or URI.")
  private String run;

  public VerifyCommand(Console console) {
    super(console);
  }

  @Override
  protected ExitCode execute(Console console) throws IOException {
    return new Housekeeping(console.out()).verify(run);
  }
}
