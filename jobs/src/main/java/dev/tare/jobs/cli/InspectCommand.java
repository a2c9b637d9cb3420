package dev.tare.jobs.cli;

import dev.tare.jobs.ExitCode;
import dev.tare.jobs.console.Console;
import dev.tare.jobs.manage.Inspection;
import dev.tare.jobs.model.RecipeOptions;
import java.io.IOException;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code tare inspect}. */
@Command(
    name = "inspect",
    description = "Summarize a model or a finished run; --verbose shows everything.",
    customSynopsis =
        "tare inspect [--verbose] M.onnx [--target TARGET [--recipe RECIPE] [--placement NAME]] |"
            + " RUN",
    footer = {
      "  tare inspect runs/first",
      "  tare inspect model.onnx --target openvino --recipe int8-symmetric"
    })
public final class InspectCommand extends TareCommand {
  @Parameters(paramLabel = "M.onnx|RUN", description = "Model or run folder, path or URI.")
  private String place;

  @Option(
      names = "--target",
      paramLabel = "TARGET",
      converter = Converters.Target.class,
      description =
          "Count what this runtime will compute in integers, what not, and why: onnxruntime,"
              + " openvino, tensorrt or tflite (default: tflite for such a model, else"
              + " onnxruntime).")
  private String target;

  @Option(
      names = "--recipe",
      paramLabel = "RECIPE",
      description = "The recipe for --target (default: the one that a run would take).")
  private String recipe;

  @Option(
      names = "--placement",
      paramLabel = "NAME",
      description = "The placement for --target (default: what the recipe says).")
  private String placement;

  public InspectCommand(Console console) {
    super(console);
  }

  @Override
  protected ExitCode execute(Console console) throws IOException {
    new Inspection(console.out(), verbose)
        .run(
            place,
            Optional.ofNullable(target)
                .map(
                    name ->
                        RecipeFlags.named(
                            RecipeOptions.of(
                                Optional.ofNullable(recipe),
                                name,
                                false,
                                Optional.ofNullable(placement)))));
    return ExitCode.OK;
  }
}
