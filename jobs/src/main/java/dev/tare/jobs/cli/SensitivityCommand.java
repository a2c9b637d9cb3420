package dev.tare.jobs.cli;

import dev.tare.jobs.ExitCode;
import dev.tare.jobs.console.Console;
import dev.tare.jobs.run.RunLoop;
import dev.tare.jobs.run.SensitivityOptions;
import dev.tare.jobs.run.SensitivityStage;
import java.io.IOException;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code tare sensitivity}. */
@Command(
    name = "sensitivity",
    description =
        "Measure the error of quantizing each weight alone, at 4, 8 and 16 bits; select --budget"
            + " chooses by it.",
    customSynopsis =
        "tare sensitivity --model M.onnx --data D [--statistics RUN] --output RUN2 [OPTIONS]",
    footer = {
      "  tare sensitivity --model model.onnx --data inputs.parquet --recipe int8-weights \\",
      "      --samples 64 --output runs/errors"
    })
public final class SensitivityCommand extends TareCommand {
  @Option(
      names = "--statistics",
      paramLabel = "RUN",
      description = "Finished run with statistics; not required for recipes that need none.")
  private String statistics;

  @Mixin private ModelFlags model;
  @Mixin private DataFlags data;
  @Mixin private OutputFlags output;
  @Mixin private RecipeFlags recipe;

  public SensitivityCommand(Console console) {
    super(console);
  }

  @Override
  protected ExitCode execute(Console console) throws IOException {
    model.note().ifPresent(console.progress()::println);
    return new RunLoop(console).produce(output.options(), new SensitivityStage(options()));
  }

  SensitivityOptions options() {
    return new SensitivityOptions(
        Optional.ofNullable(statistics),
        model.model(),
        recipe.named(),
        data.options(model.tokenizer()));
  }
}
