package dev.tare.jobs.cli;

import dev.tare.jobs.ExitCode;
import dev.tare.jobs.TareException;
import dev.tare.jobs.checkpoint.CheckpointOptions;
import dev.tare.jobs.checkpoint.CheckpointRecipes;
import dev.tare.jobs.checkpoint.CheckpointStage;
import dev.tare.jobs.console.Console;
import dev.tare.jobs.quantize.QuantizeOptions;
import dev.tare.jobs.quantize.QuantizeStage;
import dev.tare.jobs.run.RunLoop;
import dev.tare.jobs.storage.HadoopSettings;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code tare quantize}. */
@Command(
    name = "quantize",
    description =
        "Apply a plan: int8 weights as Parquet and a quantized ONNX model; or quantize the weights"
            + " of a PyTorch checkpoint by a recipe.",
    customSynopsis = {
      "tare quantize --plan RUN2 --model M.onnx --output RUN3 [OPTIONS]",
      "       tare quantize --recipe RECIPE --model FOLDER --output RUN [OPTIONS]"
    },
    footer = {
      "  tare quantize --plan runs/plan --model model.onnx --output runs/quantized",
      "  tare quantize --recipe w4a16-g128 --model Llama-3.1-8B --output runs/llama-w4"
    })
public final class QuantizeCommand extends TareCommand {
  @Option(
      names = "--plan",
      paramLabel = "RUN",
      description = "Finished run with a plan for an ONNX model; this or --recipe is required.")
  private String plan;

  @Option(
      names = "--recipe",
      paramLabel = "RECIPE",
      description =
          "Recipe for a checkpoint, without data: w4a16-g128 and others in"
              + " conf/recipes/checkpoints, path or URI of one. --model is then the folder with"
              + " config.json and safetensors files; RUN/model is loaded by transformers and vLLM.")
  private String recipe;

  @Option(
      names = "--importance",
      split = ",",
      paramLabel = "FILE",
      description =
          "Importance of a checkpoint's inputs, which weighs errors where the recipe searches"
              + " ranges (w4a16-g128-mse, w8a16-mse): imatrix.gguf of llama.cpp, path or URI;"
              + " several add up.")
  private List<String> importance = List.of();

  @Option(
      names = "--target",
      paramLabel = "TARGET",
      converter = Converters.Target.class,
      description =
          "Refuse a plan for another runtime than this: onnxruntime, openvino, tensorrt or tflite."
              + " A plan is for one target; select again for another.")
  private String target;

  @Spec private CommandSpec spec;
  @Mixin private ModelFlags model;
  @Mixin private OutputFlags output;

  public QuantizeCommand(Console console) {
    super(console);
  }

  @Override
  protected ExitCode execute(Console console) throws IOException {
    if (plan == null && recipe == null) {
      throw TareException.usage(
          "Missing --plan RUN, for an ONNX model, or --recipe RECIPE, for a checkpoint");
    }
    requireOneKind();
    if (plan == null) {
      return new RunLoop(console).produce(output.options(), new CheckpointStage(checkpoint()));
    }
    model.note().ifPresent(console.progress()::println);
    return new RunLoop(console).produce(output.options(), new QuantizeStage(options()));
  }

  QuantizeOptions options() {
    return new QuantizeOptions(Optional.of(plan), model.model(), Optional.ofNullable(target));
  }

  /** One configuration file serves all commands, so only what was typed may contradict. */
  private void requireOneKind() {
    if (plan != null && typed("--recipe")) {
      throw TareException.usage(
          "--recipe is for a checkpoint; a plan has a recipe already: leave out one of --plan and"
              + " --recipe");
    }
    if (plan != null && typed("--importance")) {
      throw TareException.usage("--importance is for a checkpoint, not for a plan");
    }
    if (plan == null && typed("--target")) {
      throw TareException.usage("--target is for a plan; the recipe for a checkpoint has a format");
    }
  }

  private boolean typed(String option) {
    return spec.commandLine().getParseResult().hasMatchedOption(option);
  }

  /**
   * Options for a checkpoint, whose recipe is read here, before Spark starts.
   *
   * @throws TareException (usage) if the recipe is refused
   */
  CheckpointOptions checkpoint() throws IOException {
    CheckpointRecipes.open(recipe, HadoopSettings.ofDriver());
    return new CheckpointOptions(model.given(), recipe, importance);
  }
}
