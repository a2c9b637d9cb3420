package dev.tare.jobs.cli;

import dev.tare.engine.target.Targets;
import dev.tare.jobs.TareException;
import dev.tare.jobs.model.RecipeOptions;
import java.util.Optional;
import picocli.CommandLine.Option;

/** Which recipe, and for which target. */
final class RecipeFlags {
  @Option(
      names = "--recipe",
      paramLabel = "RECIPE",
      description =
          "Name of a recipe in conf/recipes, path or URI of one, or auto: the one of"
              + " int8-transformer, int8-cnn, int8-cnn-mse and int8 that suits the model (default:"
              + " int8-tensorrt for target tensorrt, int8-tflite for tflite, auto for others).")
  private String recipe;

  @Option(
      names = "--target",
      paramLabel = "TARGET",
      defaultValue = Targets.DEFAULT_NAME,
      converter = Converters.Target.class,
      description =
          "Runtime that the quantized model is for: onnxruntime, openvino, tensorrt or tflite"
              + " (default: ${DEFAULT-VALUE}). Operators that it cannot run in integers as the"
              + " recipe wants stay float; the plan has the reasons.")
  private String target;

  @Option(
      names = "--strict",
      description = "Refuse a recipe that the target cannot follow for every operator.")
  private boolean strict;

  @Option(
      names = "--placement",
      paramLabel = "NAME",
      description =
          "Where the target puts Q/DQ: for onnxruntime and openvino inputs, outputs,"
              + " depthwise-float, outputs-depthwise-float or convolutions-float, for tflite"
              + " float-ends or integer-ends; with run also fastest, which measures each of them"
              + " (default: what the recipe says).")
  private String placement;

  /**
   * Options of a command that runs no model.
   *
   * @throws TareException (usage) if the placement is to be measured
   */
  RecipeOptions named() {
    return named(options());
  }

  static RecipeOptions named(RecipeOptions options) {
    if (options.fastest()) {
      throw TareException.usage(
          "--placement fastest measures models, which tare run does: name a placement here");
    }
    return options;
  }

  RecipeOptions options() {
    return RecipeOptions.of(
        Optional.ofNullable(recipe), target, strict, Optional.ofNullable(placement));
  }
}
