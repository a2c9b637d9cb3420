package dev.tare.jobs.stage;

import dev.tare.engine.plan.QuantPlan;
import dev.tare.jobs.artifact.RunFacts;
import dev.tare.jobs.console.Progress;
import dev.tare.jobs.model.RecipeText;
import dev.tare.jobs.storage.RunAttempt;
import java.util.List;
import java.util.Optional;

/**
 * The state of a run that is being produced. Each stage receives it and returns it with its
 * additions for the next one.
 *
 * @param attempt the folder that is written
 * @param inputs what is read
 * @param progress receives messages for the user
 * @param facts facts for the manifest
 * @param passes those of the recipe's passes that a stage of this run chose by measurement
 * @param placed the plan that a stage of this run chose by measurement
 * @param plan the plan, if a stage of this run made it
 */
public record Work(
    RunAttempt attempt,
    Inputs inputs,
    Progress progress,
    RunFacts facts,
    Optional<List<String>> passes,
    Optional<QuantPlan> placed,
    Optional<QuantPlan> plan) {

  /** The work before the first stage. */
  public static Work begin(RunAttempt attempt, Inputs inputs, Progress progress) {
    return new Work(
        attempt,
        inputs,
        progress,
        RunFacts.NONE,
        Optional.empty(),
        Optional.empty(),
        Optional.empty());
  }

  public Work with(RunFacts newFacts) {
    return new Work(attempt, inputs, progress, newFacts, passes, placed, plan);
  }

  public Work with(QuantPlan newPlan) {
    return new Work(attempt, inputs, progress, facts, passes, placed, Optional.of(newPlan));
  }

  /**
   * The work with the passes that were chosen.
   *
   * @param chosen as a recipe calls them
   * @param made the plan by them, if what follows takes it
   */
  public Work withPasses(List<String> chosen, Optional<QuantPlan> made) {
    return new Work(attempt, inputs, progress, facts, Optional.of(chosen), made, plan);
  }

  /** A recipe with the passes that were chosen, if any were. */
  public RecipeText chosen(RecipeText recipe) {
    return passes.map(recipe::withPasses).orElse(recipe);
  }

  /** The work with a plan by the placement that was chosen, which what follows takes. */
  public Work withPlaced(QuantPlan chosen) {
    return new Work(attempt, inputs, progress, facts, passes, Optional.of(chosen), plan);
  }
}
