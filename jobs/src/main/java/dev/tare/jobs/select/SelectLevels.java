package dev.tare.jobs.select;

import dev.tare.jobs.TareException;
import dev.tare.jobs.artifact.Budget;
import dev.tare.jobs.artifact.BudgetPlan;
import dev.tare.jobs.artifact.Part;
import dev.tare.jobs.artifact.WeightLevel;
import dev.tare.jobs.console.BudgetTable;
import dev.tare.jobs.model.LevelledRecipe;
import dev.tare.jobs.model.ModelHandle;
import dev.tare.jobs.model.RecipeText;
import dev.tare.jobs.stage.Work;
import dev.tare.jobs.storage.FinishedRun;
import dev.tare.jobs.table.SensitivityTable;
import java.io.IOException;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** Levels of weights by a budget, from errors that were measured before; no model is run. */
final class SelectLevels {

  private SelectLevels() {}

  /**
   * Chooses levels, and writes and shows what is predicted of them.
   *
   * @return the recipe with these levels
   * @throws TareException (usage) if the errors are of another recipe or target, or nothing meets
   *     the budget; (bad input) if they are of another model
   */
  static RecipeText write(
      Work work, ModelHandle model, RecipeText recipe, SelectOptions.ByBudget by)
      throws IOException {
    FinishedRun run = work.inputs().runs().open(by.errors());
    SensitivityTable.Measured measured = SensitivityTable.read(work.inputs().spark(), run);
    requireSame(run, measured, model, recipe);
    Frontier frontier =
        new Frontier(by.budget(), measured.errors(), measured.mixed(), model.files().bytes());
    List<BudgetPlan.Point> points = frontier.points();
    Optional<Frontier.Chosen> chosen = frontier.choose();
    if (chosen.isEmpty()) {
      throw TareException.usage(unmet(by.budget(), points.get(points.size() - 1)));
    }
    if (chosen.get().levels().values().stream().allMatch(WeightLevel.FLOAT::equals)) {
      throw TareException.usage(
          "Budget %s leaves every weight in float: the float model is what meets it"
              .formatted(by.budget().text()));
    }
    BudgetPlan plan =
        new BudgetPlan(
            by.budget().text(),
            measured.samples(),
            measured.output(),
            chosen.get().predicted(),
            chosen.get().levels(),
            points,
            frontier.measured());
    work.attempt().write(Part.BUDGET, plan.format());
    BudgetTable.lines(plan).forEach(line -> work.progress().line("        " + line));
    return LevelledRecipe.of(recipe, plan.levels());
  }

  private static String unmet(Budget budget, BudgetPlan.Point smallest) {
    return String.format(
        Locale.ROOT,
        "Nothing meets the budget %s: the smallest model has %.2f MB and %.2f bits for a weight,"
            + " with SQNR %.2f dB and cosine %.5f predicted, with a confidence of 95 %% at least %.2f"
            + " dB and %.5f",
        budget.text(),
        smallest.bytes() / 1e6,
        smallest.bits(),
        smallest.sqnrDb(),
        smallest.cosine(),
        smallest.sqnrDbLow(),
        smallest.cosineLow());
  }

  private static void requireSame(
      FinishedRun run, SensitivityTable.Measured measured, ModelHandle model, RecipeText recipe) {
    if (!measured.modelSha256().equals(model.sha256())) {
      throw TareException.badInput(
          "The errors in %s are of another model: sha256 %s, but %s has %s"
              .formatted(
                  run.folder().path(), measured.modelSha256(), model.ref().uri(), model.sha256()));
    }
    if (!measured.recipe().equals(recipe.name())
        || !measured.target().equals(recipe.targetName())) {
      throw TareException.usage(
          "The errors in %s are by recipe '%s' for target %s, and the plan is by '%s' for %s: measure them again, or name the same"
              .formatted(
                  run.folder().path(),
                  measured.recipe(),
                  measured.target(),
                  recipe.name(),
                  recipe.targetName()));
    }
  }
}
