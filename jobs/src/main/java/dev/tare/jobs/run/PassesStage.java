package dev.tare.jobs.run;

import dev.tare.engine.plan.CorrectedBias;
import dev.tare.engine.plan.QuantPlan;
import dev.tare.engine.plan.TensorPlan;
import dev.tare.engine.recipe.Recipe;
import dev.tare.jobs.artifact.InputRef;
import dev.tare.jobs.artifact.Part;
import dev.tare.jobs.artifact.PassTrials;
import dev.tare.jobs.artifact.Sensitivity;
import dev.tare.jobs.console.PassTable;
import dev.tare.jobs.evaluate.TrialJob;
import dev.tare.jobs.model.ModelHandle;
import dev.tare.jobs.model.RecipeText;
import dev.tare.jobs.stage.Inputs;
import dev.tare.jobs.stage.Rows;
import dev.tare.jobs.stage.Stage;
import dev.tare.jobs.stage.StageData;
import dev.tare.jobs.stage.Work;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.ToDoubleFunction;

/**
 * {@code passes = measured} in a recipe: makes a plan with all of its passes, with each alone and
 * with none, measures what comes out on samples of the calibration data, and keeps what is worth
 * it. No row of the evaluation is looked at.
 *
 * <p>Passes are measured with the target's own placement whatever {@code --placement} says, so that
 * a named placement gives what the same one gives when it is found to be the fastest.
 *
 * @param rows which rows of the data are calibrated on
 */
record PassesStage(RunOptions options, Rows rows) implements Stage {

  /** Samples of the lowest hashes that are measured. */
  private static final int SAMPLES = 64;

  /**
   * What passes have to gain. They follow the calibration data, on which they are measured too: on
   * other data a smaller gain is as often a loss.
   */
  private static final double LEAST_GAIN_DB = .3;

  /** Whether there is something to try. */
  static boolean has(Recipe recipe) {
    return recipe.measured() && !recipe.passes().isEmpty();
  }

  @Override
  public String name() {
    return "passes";
  }

  @Override
  public SortedMap<String, String> configuration() {
    return options.configuration();
  }

  /** The stages before and behind it name them. */
  @Override
  public List<InputRef> inputs(Inputs inputs) {
    return List.of();
  }

  @Override
  public Work run(Work work) throws IOException {
    Map<List<String>, QuantPlan> plans = new LinkedHashMap<>();
    PassTrials trials =
        work.progress()
            .stage(
                name(),
                "passes measured on calibration samples",
                () -> measure(work, plans),
                PassTable::outcome);
    PassTable.lines(trials).forEach(line -> work.progress().line("        " + line));
    work.attempt().write(Part.PASSES, trials.format());
    List<String> chosen = trials.chosen().passes();
    boolean named = options.recipe().placement().isPresent();
    return work.withPasses(chosen, Optional.of(plans.get(chosen)).filter(plan -> !named));
  }

  /**
   * @param plans receives the plans that are measured, by their passes
   */
  private PassTrials measure(Work work, Map<List<String>, QuantPlan> plans) throws IOException {
    Inputs inputs = work.inputs();
    ModelHandle model = inputs.model(options.model());
    RecipeText recipe = inputs.recipe(options.recipe(), model);
    Set<List<?>> known = new HashSet<>();
    for (List<String> passes : choices(recipe.parse().passes())) {
      QuantPlan plan = TrialPlan.of(work, model, recipe.unplaced().withPasses(passes));
      List<String> decided = plan.tensors().stream().map(TensorPlan::decidedBy).toList();
      if (known.add(List.of(effect(plan), decided))) {
        plans.put(passes, plan);
      }
    }
    StageData data = inputs.data(model, options.data());
    int most = Math.min(SAMPLES, options.data().samples().orElse(SAMPLES));
    Map<List<String>, String> names = names(plans);
    SortedMap<String, QuantPlan> named = new TreeMap<>();
    names.forEach((passes, name) -> named.putIfAbsent(name, plans.get(passes)));
    TrialJob.Measured measured =
        new TrialJob(inputs.spark()).run(model, named, data.select(rows, OptionalInt.of(most)));
    return trials(measured, names);
  }

  /** All, then fewer; of two passes each alone, and none. */
  private static List<List<String>> choices(List<String> all) {
    List<List<String>> choices = new ArrayList<>();
    choices.add(all);
    if (all.size() > 1) {
      all.forEach(pass -> choices.add(List.of(pass)));
    }
    choices.add(List.of());
    return choices;
  }

  /** A name for the model of each choice: of the same models that of the first. */
  static Map<List<String>, String> names(Map<List<String>, QuantPlan> plans) {
    Map<List<?>, String> models = new HashMap<>();
    Map<List<String>, String> names = new LinkedHashMap<>();
    plans.forEach(
        (passes, plan) ->
            names.put(passes, models.computeIfAbsent(effect(plan), e -> passes.toString())));
    return names;
  }

  /** What a plan does to a model: passes may find nothing to change, or refuse to. */
  private static List<?> effect(QuantPlan plan) {
    return List.of(
        plan.smoothed(),
        plan.corrected().stream().filter(CorrectedBias::corrects).toList(),
        plan.tensors().stream().map(TensorPlan::undecided).toList());
  }

  private static PassTrials trials(TrialJob.Measured measured, Map<List<String>, String> names) {
    SortedMap<String, Sensitivity.Score> models = measured.scores();
    SortedMap<String, Sensitivity.Score> scores = new TreeMap<>();
    names.forEach((passes, name) -> scores.put(passes.toString(), models.get(name)));
    List<String> best = best(scores, names.keySet());
    List<PassTrials.Trial> trials = new ArrayList<>();
    for (List<String> passes : names.keySet()) {
      Sensitivity.Score score = scores.get(passes.toString());
      trials.add(
          new PassTrials.Trial(passes, passes.equals(best), score.sqnrDb(), score.cosineMean()));
    }
    return new PassTrials(measured.samples(), measured.tensor(), trials);
  }

  /** Of those that are hardly worse than the best, the one with the fewest passes. */
  static List<String> best(
      SortedMap<String, Sensitivity.Score> scores, Collection<List<String>> choices) {
    ToDoubleFunction<List<String>> quality =
        passes -> {
          double sqnrDb = scores.get(passes.toString()).sqnrDb();
          return Double.isNaN(sqnrDb) ? Double.NEGATIVE_INFINITY : sqnrDb;
        };
    double most = choices.stream().mapToDouble(quality).max().orElseThrow();
    return choices.stream()
        .filter(passes -> !(quality.applyAsDouble(passes) < most - LEAST_GAIN_DB))
        .min(
            Comparator.<List<String>>comparingInt(List::size)
                .thenComparingDouble(passes -> -quality.applyAsDouble(passes)))
        .orElseThrow();
  }
}
