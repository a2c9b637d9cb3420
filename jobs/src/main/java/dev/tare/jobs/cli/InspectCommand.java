package dev.tare.jobs.cli;

import dev.tare.jobs.ExitCode;
import java.io.IOException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

@Command(
    name = "inspect",
    description = "Show what a model or a finished run holds.",
    customSynopsis = "tare inspect M.onnx | RUN",
    footer = "  tare inspect runs/first")
final class InspectCommand extends StageCommand {
  @Parameters(
      paramLabel = "M.onnx|RUN",
      converter = Converters.NotEmpty.class,
      description = "Model or run folder, path or URI.")
  private String target;

  InspectCommand(Stages stages) {
    super(stages);
  }

  @Override
  ExitCode execute(Stages on) throws IOException {
    return on.inspect(new InspectOptions(target));
  }
}
