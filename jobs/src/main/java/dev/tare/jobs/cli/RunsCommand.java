package dev.tare.jobs.cli;

import dev.tare.jobs.ExitCode;
import java.io.IOException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

@Command(
    name = "runs",
    description = "List the runs below a folder, and the names that point to them.",
    customSynopsis = "tare runs ROOT",
    footer = "  tare runs runs")
final class RunsCommand extends StageCommand {
  @Parameters(
      paramLabel = "ROOT",
      converter = Converters.NotEmpty.class,
      description = "Folder with runs below it, path or URI.")
  private String root;

  RunsCommand(Stages stages) {
    super(stages);
  }

  @Override
  ExitCode execute(Stages on) throws IOException {
    return on.runs(new RunsOptions(root));
  }
}
