package dev.tare.jobs.cli;

import dev.tare.jobs.ExitCode;
import dev.tare.jobs.console.Console;
import dev.tare.jobs.manage.Housekeeping;
import java.io.IOException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code tare runs}. */
@Command(
    name = "runs",
    description = "List the runs below a folder, and the names that point to them.",
    customSynopsis = "tare runs ROOT",
    footer = "  tare runs runs")
public final class RunsCommand extends TareCommand {
  @Parameters(paramLabel = "ROOT", description = "Folder with runs below it, path or URI.")
  private String root;

  public RunsCommand(Console console) {
    super(console);
  }

  @Override
  protected ExitCode execute(Console console) throws IOException {
    return new Housekeeping(console.out()).runs(root);
  }
}
