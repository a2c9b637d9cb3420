package dev.tare.jobs.run;

import dev.tare.engine.plan.QuantPlan;
import dev.tare.engine.recipe.RecipeException;
import dev.tare.jobs.TareException;
import dev.tare.jobs.artifact.WeightLevel;
import dev.tare.jobs.model.LevelledRecipe;
import dev.tare.jobs.model.ModelHandle;
import dev.tare.jobs.model.RecipeText;
import dev.tare.jobs.select.Quantizable;
import dev.tare.jobs.select.SelectJob;
import dev.tare.jobs.stage.EarlierRuns;
import dev.tare.jobs.stage.Inputs;
import dev.tare.jobs.stage.WeightRanges;
import dev.tare.jobs.storage.FinishedRun;
import dev.tare.jobs.table.StatisticsCheck;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import org.apache.hadoop.fs.Path;

/**
 * Makes plans in which weights have given levels, all of the same statistics and rounded to
 * nearest.
 *
 * @param statistics a run that has some of this model, if the user names one
 */
record LevelledPlans(
    Inputs inputs, ModelHandle model, RecipeText recipe, Optional<FinishedRun> statistics) {

  /**
   * Opens the statistics.
   *
   * @throws TareException (bad input) if they are of another model
   */
  static LevelledPlans of(
      Inputs inputs, ModelHandle model, RecipeText recipe, Optional<String> statistics)
      throws IOException {
    if (statistics.isEmpty()) {
      return new LevelledPlans(inputs, model, recipe, Optional.empty());
    }
    FinishedRun run = inputs.runs().open(statistics.get());
    EarlierRuns.requireSameModel(run, model);
    return new LevelledPlans(inputs, model, recipe, Optional.of(run));
  }

  /**
   * The plan with these levels.
   *
   * @return empty if the target allows none of them, or statistics leave all in float
   * @throws TareException (usage) if it needs statistics, and there are none
   */
  Optional<QuantPlan> of(SortedMap<String, WeightLevel> levels) throws IOException {
    RecipeText levelled = LevelledRecipe.of(recipe, levels);
    if (!allowed(levelled)) {
      return Optional.empty();
    }
    if (!Quantizable.needsRanges(model, levelled)
        && (statistics.isEmpty() || !Quantizable.correctsBiases(model, levelled))) {
      // Without statistics no bias is corrected.
      RecipeText plain = levelled.withPasses(List.of());
      SelectJob job = new SelectJob(inputs.spark());
      return Optional.of(job.run(model, plain, new Path("none"), "", 0));
    }
    FinishedRun run =
        statistics.orElseThrow(
            () ->
                TareException.usage(
                    "Recipe '%s' needs statistics: give --statistics RUN"
                        .formatted(recipe.name())));
    Path table = StatisticsCheck.verified(inputs.spark(), run);
    SelectJob job = new SelectJob(inputs.spark(), WeightRanges.of(run, model, line -> {}));
    return job.runIfAny(
        model, levelled, table, run.calibration().contentSha256(), run.calibration().samples());
  }

  private boolean allowed(RecipeText levelled) {
    try {
      return !LevelledRecipe.weights(model, levelled).isEmpty();
    } catch (RecipeException e) {
      // The target refuses such weights altogether.
      return false;
    }
  }
}
