package dev.tare.jobs.cli;

import dev.tare.jobs.ExitCode;
import dev.tare.jobs.TareException;
import dev.tare.jobs.artifact.Budget;
import dev.tare.jobs.console.Console;
import dev.tare.jobs.run.RunLoop;
import dev.tare.jobs.select.SelectOptions;
import dev.tare.jobs.select.SelectStage;
import java.io.IOException;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code tare select}. */
@Command(
    name = "select",
    description = "Select scales and zero points from statistics and a recipe; runs no model.",
    customSynopsis = "tare select --statistics RUN --model M.onnx --output RUN2 [OPTIONS]",
    footer = {
      "  tare select --statistics runs/statistics --model model.onnx --recipe int8 \\",
      "      --output runs/plan"
    })
public final class SelectCommand extends TareCommand {
  @Option(
      names = "--statistics",
      paramLabel = "RUN",
      description = "Finished run with statistics; not required for recipes that need none.")
  private String statistics;

  @Option(
      names = "--ranges",
      paramLabel = "FILE",
      description =
          "JSON with ranges of activations, or scales of any tensors, found by another tool, instead"
              + " of statistics.")
  private String ranges;

  @Option(
      names = "--budget",
      paramLabel = "LIMIT",
      description =
          "Choose int4, int8, int16 or float for each weight by its measured error: the smallest"
              + " model with cosine>=C or sqnr>=RdB, or the best with size<=NMB or bits<=N; quote"
              + " it in a shell. Needs --errors.")
  private String budget;

  @Option(
      names = "--errors",
      paramLabel = "RUN",
      description = "Finished run of tare sensitivity by the same recipe, for --budget.")
  private String errors;

  @Mixin private ModelFlags model;
  @Mixin private OutputFlags output;
  @Mixin private RecipeFlags recipe;

  public SelectCommand(Console console) {
    super(console);
  }

  @Override
  protected ExitCode execute(Console console) throws IOException {
    model.note().ifPresent(console.progress()::println);
    return new RunLoop(console).produce(output.options(), new SelectStage(options()));
  }

  SelectOptions options() {
    if (statistics != null && ranges != null) {
      throw TareException.usage(
          "--statistics and --ranges both say where ranges of activations come from: leave one out");
    }
    return new SelectOptions(
        Optional.ofNullable(statistics),
        Optional.ofNullable(ranges),
        model.model(),
        recipe.named(),
        byBudget());
  }

  private Optional<SelectOptions.ByBudget> byBudget() {
    if ((budget == null) != (errors == null)) {
      throw TareException.usage(
          budget == null
              ? "--errors is for --budget: give both, or neither"
              : "--budget needs --errors RUN, which tare sensitivity makes");
    }
    if (budget == null) {
      return Optional.empty();
    }
    if (ranges != null) {
      throw TareException.usage("--budget needs --statistics RUN, not --ranges");
    }
    try {
      return Optional.of(new SelectOptions.ByBudget(Budget.parse(budget), errors));
    } catch (IllegalArgumentException e) {
      throw TareException.usage("--budget: " + e.getMessage());
    }
  }
}
