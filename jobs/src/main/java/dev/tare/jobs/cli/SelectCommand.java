package dev.tare.jobs.cli;

import dev.tare.jobs.ExitCode;
import java.io.IOException;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
    name = "select",
    description = "Decide scales and zero points from statistics and a recipe; runs no model.",
    customSynopsis = "tare select --statistics RUN --model M.onnx --output RUN2 [OPTIONS]",
    footer = {
      "  tare select --statistics runs/statistics --model model.onnx --recipe int8 \\",
      "      --output runs/plan"
    })
final class SelectCommand extends StageCommand {
  @Option(
      names = "--statistics",
      paramLabel = "RUN",
      converter = Converters.NotEmpty.class,
      description = "Finished run with statistics; recipes that need none do without.")
  private String statistics;

  @Mixin private ModelFlags model;
  @Mixin private OutputFlags output;
  @Mixin private RecipeFlags recipe;

  SelectCommand(Stages stages) {
    super(stages);
  }

  @Override
  ExitCode execute(Stages on) throws IOException {
    return on.select(
        new SelectOptions(
            Optional.ofNullable(statistics), model.model(), recipe.recipe(), output.options()));
  }
}
