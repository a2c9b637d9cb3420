package dev.tare.jobs.run;

import dev.tare.engine.plan.QuantPlan;
import dev.tare.engine.plan.TensorPlan;
import dev.tare.engine.recipe.Role;
import dev.tare.engine.target.NamedPlacement;
import dev.tare.jobs.SparkJobs;
import dev.tare.jobs.TareException;
import dev.tare.jobs.artifact.InputRef;
import dev.tare.jobs.artifact.Part;
import dev.tare.jobs.artifact.PlacementTrials;
import dev.tare.jobs.console.PlacementTable;
import dev.tare.jobs.evaluate.EvaluateOptions;
import dev.tare.jobs.evaluate.PlacementChoice;
import dev.tare.jobs.evaluate.PlacementJob;
import dev.tare.jobs.evaluate.TargetRuntime;
import dev.tare.jobs.model.ModelHandle;
import dev.tare.jobs.model.RecipeText;
import dev.tare.jobs.stage.Inputs;
import dev.tare.jobs.stage.Rows;
import dev.tare.jobs.stage.Stage;
import dev.tare.jobs.stage.StageData;
import dev.tare.jobs.stage.Work;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * {@code --placement fastest}: selects by every placement of the target, measures what comes out,
 * and names the fastest that passes the gate. What follows depends on the measurements by that name
 * alone.
 *
 * @param rows which rows of the evaluation's data are measured
 */
record FastestStage(RunOptions options, Rows rows) implements Stage {

  /** Samples of the lowest hashes that are measured. */
  private static final int SAMPLES = 64;

  @Override
  public String name() {
    return "place";
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

  /**
   * Looks whether the target's runtime is at hand.
   *
   * @throws TareException (usage) if it is not
   */
  @Override
  public Work prepare(Work work) throws IOException {
    runtime(work);
    return work;
  }

  private TargetRuntime runtime(Work work) throws IOException {
    return TargetRuntime.require(
        options.recipe().target(), options.python(), SparkJobs.taskCpus(work.inputs().spark()));
  }

  @Override
  public Work run(Work work) throws IOException {
    SortedMap<String, QuantPlan> plans = new TreeMap<>();
    PlacementTrials trials =
        work.progress()
            .stage(
                name(),
                "placements measured one at a time",
                () -> measure(work, plans),
                measured -> "%s is chosen".formatted(measured.chosen().name()));
    PlacementTable.lines(trials).forEach(line -> work.progress().line("        " + line));
    work.attempt().write(Part.PLACEMENTS, trials.format());
    return work.withPlaced(plans.get(trials.chosen().name()));
  }

  /**
   * @param plans receives the plans that are measured, by placement
   */
  private PlacementTrials measure(Work work, SortedMap<String, QuantPlan> plans)
      throws IOException {
    Inputs inputs = work.inputs();
    ModelHandle model = inputs.model(options.model());
    EvaluateOptions evaluation = options.evaluate();
    StageData data = inputs.data(model, evaluation.data());
    data.check(evaluation.data().maxBadRows());
    PlacementJob job =
        new PlacementJob(
            inputs.spark(),
            runtime(work),
            model,
            data.select(rows, OptionalInt.of(SAMPLES)),
            evaluation.data().batchSize(),
            evaluation.gate(),
            options.classesOrAuto());
    RecipeText recipe = work.chosen(inputs.recipe(options.recipe(), model));
    PlacementChoice choice = new PlacementChoice();
    Map<List<TensorPlan>, String> known = new LinkedHashMap<>();
    for (NamedPlacement placement : recipe.target().placements()) {
      Optional<String> against = placement.against(recipe.parse());
      RecipeText placed = recipe.with(placement);
      Optional<QuantPlan> made =
          against.isPresent() ? Optional.empty() : TrialPlan.ifAny(work, model, placed);
      if (made.isEmpty()) {
        choice.add(placement.name(), against.orElse("nothing is quantized"));
        continue;
      }
      QuantPlan plan = made.get();
      String same = known.putIfAbsent(quantized(plan), placement.name());
      if (same != null) {
        choice.add(placement.name(), "the same as " + same);
      } else if (known.size() > 1 && plan.quantized(Role.WEIGHT).isEmpty()) {
        choice.add(placement.name(), "nothing is quantized");
      } else {
        plans.put(placement.name(), plan);
        choice.add(placement.name(), job.run(plan));
      }
    }
    return choice.of(recipe.targetName());
  }

  private static List<TensorPlan> quantized(QuantPlan plan) {
    return plan.tensors().stream().filter(TensorPlan::quantized).toList();
  }
}
