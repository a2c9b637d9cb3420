package dev.tare.jobs.run;

import dev.tare.engine.plan.QuantPlan;
import dev.tare.jobs.TareException;
import dev.tare.jobs.artifact.InputRef;
import dev.tare.jobs.artifact.Part;
import dev.tare.jobs.artifact.RunFacts;
import dev.tare.jobs.cli.SelectOptions;
import dev.tare.jobs.model.ModelHandle;
import dev.tare.jobs.model.RecipeText;
import dev.tare.jobs.select.SelectJob;
import dev.tare.jobs.storage.FinishedRun;
import dev.tare.jobs.storage.RunAttempt;
import dev.tare.jobs.table.StatisticsCheck;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;

/** {@code tare select}. */
record SelectStage(HeldInputs held, SelectOptions options, Progress progress)
    implements SingleStage {

  @Override
  public String name() {
    return "select";
  }

  @Override
  public List<InputRef> inputs() throws IOException {
    Configuration hadoop = held.hadoop();
    List<InputRef> inputs = held.model(options.model()).files().asInputs();
    if (options.statistics().isPresent()) {
      inputs.add(held.runs().open(options.statistics().get()).asInput("statistics"));
    }
    held.recipe(options.recipe()).asInput(hadoop).ifPresent(inputs::add);
    return inputs;
  }

  @Override
  public RunFacts write(RunAttempt attempt) throws IOException {
    ModelHandle model = held.model(options.model());
    RecipeText recipe = held.recipe(options.recipe());
    Optional<FinishedRun> statistics = statistics(model, recipe);
    Pipeline pipeline = new Pipeline(held.spark());
    QuantPlan plan =
        progress.stage(
            name(),
            "ranges by recipe " + recipe.name(),
            () ->
                pipeline.select(
                    attempt,
                    model,
                    recipe,
                    statistics.isPresent()
                        ? StatisticsCheck.verified(held.spark(), statistics.get())
                        : attempt.path(Part.STATISTICS),
                    statistics.map(run -> run.calibration().contentSha256()).orElse("")),
            made -> Summaries.plan(made, SelectJob.vectors(model, made)));
    FloatReasons.of(plan).forEach(progress::line);
    FloatReasons.nothingQuantized(plan, model).ifPresent(held::warn);
    return pipeline.facts();
  }

  /**
   * The statistics to select from, where the user names any.
   *
   * @throws TareException (usage) if the recipe needs some
   */
  private Optional<FinishedRun> statistics(ModelHandle model, RecipeText recipe)
      throws IOException {
    if (options.statistics().isEmpty()) {
      if (SelectJob.needsStatistics(model, recipe)) {
        throw TareException.usage(
            "Recipe '%s' needs statistics: give --statistics RUN".formatted(recipe.name()));
      }
      return Optional.empty();
    }
    FinishedRun statistics = held.runs().open(options.statistics().get());
    Facts.requireSameModel(statistics, model);
    return Optional.of(statistics);
  }
}
