package dev.tare.jobs.select;

import dev.tare.jobs.artifact.Budget;
import dev.tare.jobs.artifact.Settings;
import dev.tare.jobs.model.RecipeOptions;
import java.util.Optional;
import java.util.SortedMap;

/**
 * Options of {@code tare select}.
 *
 * @param statistics run folder with statistics; empty for recipes that need none, and where the
 *     same run makes them
 * @param ranges file with ranges of activations, instead of statistics
 * @param model float model, path or URI
 * @param recipe what to quantize by, and for what
 * @param budget what the model may cost, if that decides levels of weights
 */
public record SelectOptions(
    Optional<String> statistics,
    Optional<String> ranges,
    String model,
    RecipeOptions recipe,
    Optional<ByBudget> budget) {

  /**
   * A budget and what it is met by.
   *
   * @param errors run folder of {@code tare sensitivity}
   */
  public record ByBudget(Budget budget, String errors) {}

  /** Options without ranges of another tool. */
  public SelectOptions(Optional<String> statistics, String model, RecipeOptions recipe) {
    this(statistics, Optional.empty(), model, recipe, Optional.empty());
  }

  /** Options without a budget. */
  public SelectOptions(
      Optional<String> statistics, Optional<String> ranges, String model, RecipeOptions recipe) {
    this(statistics, ranges, model, recipe, Optional.empty());
  }

  SortedMap<String, String> configuration() {
    return new Settings()
        .put("statistics", statistics)
        .put("ranges", ranges)
        .put("model", model)
        .put("recipe", recipe.recipe())
        .put("target", recipe.target())
        .put("strict", recipe.strict())
        .put("placement", recipe.placement())
        .put("budget", budget.map(by -> by.budget().text()))
        .put("errors", budget.map(ByBudget::errors))
        .values();
  }
}
