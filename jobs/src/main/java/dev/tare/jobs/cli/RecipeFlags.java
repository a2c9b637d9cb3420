package dev.tare.jobs.cli;

import picocli.CommandLine.Option;

/** Which recipe. */
final class RecipeFlags {
  @Option(
      names = "--recipe",
      paramLabel = "RECIPE",
      defaultValue = Defaults.RECIPE,
      description =
          "Name of a recipe in conf/recipes, or path or URI of one (default: ${DEFAULT-VALUE}).")
  private String recipe;

  String recipe() {
    return recipe;
  }
}
