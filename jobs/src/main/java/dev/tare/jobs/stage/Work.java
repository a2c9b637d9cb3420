package dev.tare.jobs.stage;

import dev.tare.engine.plan.QuantPlan;
import dev.tare.jobs.artifact.RunFacts;
import dev.tare.jobs.console.Progress;
import dev.tare.jobs.storage.RunAttempt;
import java.util.Optional;

/**
 * A run in the making. Each stage takes it and gives it on with what it adds, so that the next one
 * sees what there is.
 *
 * @param attempt the folder that is written
 * @param inputs what is read
 * @param progress where lines for a person go
 * @param facts what the manifest will say
 * @param plan the plan, where a stage of this run made it
 */
public record Work(
    RunAttempt attempt,
    Inputs inputs,
    Progress progress,
    RunFacts facts,
    Optional<QuantPlan> plan) {

  /** The work before the first stage. */
  public static Work begin(RunAttempt attempt, Inputs inputs, Progress progress) {
    return new Work(attempt, inputs, progress, RunFacts.NONE, Optional.empty());
  }

  public Work with(RunFacts newFacts) {
    return new Work(attempt, inputs, progress, newFacts, plan);
  }

  public Work with(QuantPlan newPlan) {
    return new Work(attempt, inputs, progress, facts, Optional.of(newPlan));
  }
}
