package dev.tare.jobs.cli;

import dev.tare.jobs.ExitCode;
import dev.tare.jobs.console.Console;
import dev.tare.jobs.manage.Inspection;
import java.io.IOException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code tare inspect}. */
@Command(
    name = "inspect",
    description = "Show what a model or a finished run holds.",
    customSynopsis = "tare inspect M.onnx | RUN",
    footer = "  tare inspect runs/first")
public final class InspectCommand extends TareCommand {
  @Parameters(paramLabel = "M.onnx|RUN", description = "Model or run folder, path or URI.")
  private String target;

  public InspectCommand(Console console) {
    super(console);
  }

  @Override
  protected ExitCode execute(Console console) throws IOException {
    new Inspection(console.out()).run(target);
    return ExitCode.OK;
  }
}
