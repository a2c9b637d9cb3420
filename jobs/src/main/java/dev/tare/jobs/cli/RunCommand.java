package dev.tare.jobs.cli;

import dev.tare.jobs.ExitCode;
import dev.tare.jobs.console.Console;
import dev.tare.jobs.run.AllStages;
import dev.tare.jobs.run.RunLoop;
import dev.tare.jobs.run.RunOptions;
import java.io.IOException;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code tare run}. */
@Command(
    name = "run",
    description = "Calibrate, select, quantize and evaluate, into one run folder.",
    customSynopsis = "tare run --model M.onnx --data D --output RUN [OPTIONS]",
    footer = {
      "  tare run --model model.onnx --tokenizer tokenizer.json --data texts.txt --samples 256 \\",
      "      --output runs/first"
    })
public final class RunCommand extends TareCommand {
  @Mixin private ModelFlags model;
  @Mixin private DataFlags data;
  @Mixin private OutputFlags output;
  @Mixin private RecipeFlags recipe;
  @Mixin private CompensateFlags compensate;

  @Option(
      names = "--eval-data",
      paramLabel = "E",
      description =
          "Held-out data of the same format (default: rows of --data are held out by hash).")
  private String evalData;

  @Option(
      names = "--eval-samples",
      paramLabel = "N",
      defaultValue = "256",
      converter = Converters.Million.class,
      description = "Rows to evaluate on (default: ${DEFAULT-VALUE}).")
  private Integer evalSamples;

  @Option(
      names = "--min-cosine",
      paramLabel = "C",
      defaultValue = "" + RunOptions.DEFAULT_MIN_COSINE,
      converter = Converters.Cosine.class,
      description =
          "Gate: minimum mean cosine against the float model; below it the run is finished with"
              + " exit code 4 (default: ${DEFAULT-VALUE}).")
  private Double minCosine;

  @Mixin private QualityFlags quality;
  @Mixin private ObserveFlags observe;

  public RunCommand(Console console) {
    super(console);
  }

  @Override
  protected ExitCode execute(Console console) throws IOException {
    model.note().ifPresent(console.progress()::println);
    return new RunLoop(console).produce(output.options(), new AllStages(options()));
  }

  RunOptions options() {
    return new RunOptions(
        model.model(),
        data.options(model.tokenizer()),
        observe.options(),
        recipe.options(),
        Optional.ofNullable(evalData),
        evalSamples,
        quality.gate(minCosine),
        quality.classes(),
        quality.latency(),
        quality.python(),
        quality.sensitivity(),
        quality.labels(),
        compensate.asked());
  }
}
