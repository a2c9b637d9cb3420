package dev.tare.jobs.select;

import dev.tare.engine.plan.KeptWeights;
import dev.tare.engine.plan.OtherConstants;
import dev.tare.engine.plan.QuantPlan;
import dev.tare.engine.plan.QuantPlanJson;
import dev.tare.engine.recipe.DefaultRecipe;
import dev.tare.engine.recipe.Role;
import dev.tare.engine.statistics.StateKind;
import dev.tare.jobs.TareException;
import dev.tare.jobs.artifact.CalibrationFacts;
import dev.tare.jobs.artifact.InputRef;
import dev.tare.jobs.artifact.Part;
import dev.tare.jobs.artifact.SelectionFacts;
import dev.tare.jobs.artifact.Stability;
import dev.tare.jobs.console.Amounts;
import dev.tare.jobs.model.ModelHandle;
import dev.tare.jobs.model.RecipeOptions;
import dev.tare.jobs.model.RecipeText;
import dev.tare.jobs.stage.EarlierRuns;
import dev.tare.jobs.stage.Inputs;
import dev.tare.jobs.stage.Places;
import dev.tare.jobs.stage.Stage;
import dev.tare.jobs.stage.WeightRanges;
import dev.tare.jobs.stage.Work;
import dev.tare.jobs.storage.FinishedRun;
import dev.tare.jobs.storage.Locations;
import dev.tare.jobs.table.StatisticsCheck;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import org.apache.hadoop.fs.Path;

/** {@code tare select}: ranges, scales and zero points by a recipe. */
public record SelectStage(SelectOptions options) implements Stage {

  /**
   * Statistics to select from.
   *
   * @param unchecked the run that they are of, if they are checked while they are read
   * @param contentSha256 empty for a recipe that needs none
   * @param samples from which they were collected
   * @param kept ranges of weights beside them
   */
  private record Statistics(
      Path folder,
      Optional<FinishedRun> unchecked,
      String contentSha256,
      long samples,
      Optional<SelectGptq.Gram> gram,
      KeptWeights kept) {}

  @Override
  public String name() {
    return "select";
  }

  @Override
  public SortedMap<String, String> configuration() {
    return options.configuration();
  }

  @Override
  public Places places() {
    return Places.ofModel(options.model()).withRecipe(options.recipe());
  }

  @Override
  public List<InputRef> inputs(Inputs inputs) throws IOException {
    List<InputRef> all = new ArrayList<>(inputs.model(options.model()).files().asInputs());
    if (options.statistics().isPresent()) {
      all.add(inputs.runs().open(options.statistics().get()).asInput("statistics"));
    }
    if (options.ranges().isPresent()) {
      all.add(Locations.input(GivenRanges.ROLE, options.ranges().get(), inputs.hadoop()));
    }
    if (options.budget().isPresent()) {
      all.add(inputs.runs().open(options.budget().get().errors()).asInput("errors"));
    }
    inputs
        .recipe(options.recipe(), inputs.model(options.model()))
        .asInput(inputs.hadoop())
        .ifPresent(all::add);
    return all;
  }

  /**
   * Checks that the target can follow a strict recipe.
   *
   * @throws TareException (usage) if it cannot
   */
  @Override
  public Work prepare(Work work) throws IOException {
    if (options.recipe().strict()) {
      ModelHandle model = work.inputs().model(options.model());
      Quantizable.requireFollowed(model, work.inputs().recipe(options.recipe(), model));
    }
    return work;
  }

  @Override
  public Work run(Work work) throws IOException {
    ModelHandle model = work.inputs().model(options.model());
    RecipeOptions wanted =
        work.placed()
            .flatMap(QuantPlan::placement)
            .map(options.recipe()::with)
            .orElse(options.recipe());
    RecipeText whole = work.chosen(work.inputs().recipe(wanted, model));
    RecipeText recipe =
        options.budget().isPresent()
            ? SelectLevels.write(work, model, whole, options.budget().get())
            : whole;
    Optional<FinishedRun> named = named(work, model, recipe);
    QuantPlan plan =
        work.progress()
            .stage(
                name(),
                "ranges by recipe "
                    + recipe.name()
                    + recipe.namedPlacement().map(name -> ", placement " + name).orElse(""),
                () -> select(work, model, recipe, statistics(work, model, recipe, named)),
                made -> summary(made, SelectJob.vectors(model, made)));
    if (options.ranges().isEmpty()) {
      Optional<Stability> stability = SelectStability.of(work, model, recipe, plan, named);
      if (stability.isPresent()) {
        work.attempt().write(Part.STABILITY, stability.get().format());
        work.progress().line("        " + stability.get().sentence());
      }
    }
    FloatReasons.of(plan).forEach(work.progress()::line);
    FloatReasons.guarded(plan).ifPresent(work.progress()::line);
    FloatReasons.unequalized(plan).ifPresent(work.progress()::line);
    FloatReasons.nothingQuantized(plan, model).ifPresent(work.inputs()::warn);
    return work.with(plan).with(work.facts().with(facts(plan, recipe, model)));
  }

  /**
   * The run with statistics that the user names, if any.
   *
   * @throws TareException (usage) if the recipe needs some, and there are none of this run either
   */
  private Optional<FinishedRun> named(Work work, ModelHandle model, RecipeText recipe)
      throws IOException {
    if (options.statistics().isEmpty()) {
      if (options.ranges().isEmpty()
          && work.facts().calibration().isEmpty()
          && Quantizable.needsStatistics(model, recipe)) {
        throw TareException.usage(
            "Recipe '%s' needs statistics: give --statistics RUN, or --ranges FILE"
                .formatted(recipe.name()));
      }
      return Optional.empty();
    }
    FinishedRun statistics = work.inputs().runs().open(options.statistics().get());
    EarlierRuns.requireSameModel(statistics, model);
    return Optional.of(statistics);
  }

  /**
   * Those of the named run, or else of this one, which a plan without ranges of activations does
   * not record: they may be there for other placements.
   */
  private static Statistics statistics(
      Work work, ModelHandle model, RecipeText recipe, Optional<FinishedRun> named)
      throws IOException {
    if (named.isPresent()) {
      boolean onTheWay =
          work.placed().isEmpty() && Quantizable.readsActivationsFirst(model, recipe);
      return new Statistics(
          onTheWay
              ? named.get().path(Part.STATISTICS)
              : StatisticsCheck.verified(work.inputs().spark(), named.get()),
          onTheWay ? named : Optional.empty(),
          named.get().calibration().contentSha256(),
          named.get().calibration().samples(),
          recipe.parse().gptq().isPresent()
              ? Optional.of(gram(work, named.get()))
              : Optional.empty(),
          WeightRanges.of(named.get(), model, work.progress()::line));
    }
    return new Statistics(
        work.attempt().path(Part.STATISTICS),
        Optional.empty(),
        work.facts()
            .calibration()
            .filter(made -> Quantizable.needsStatistics(model, recipe))
            .map(made -> made.contentSha256())
            .orElse(""),
        work.facts().calibration().map(CalibrationFacts::samples).orElse(0L),
        work.facts()
            .calibration()
            .flatMap(CalibrationFacts::gram)
            .map(made -> new SelectGptq.Gram(work.attempt().path(Part.GRAM), made.sha256())),
        WeightRanges.of(work.attempt()));
  }

  /** The Gram matrices of a run, which are checked: scales of blocks follow from them. */
  private static SelectGptq.Gram gram(Work work, FinishedRun run) throws IOException {
    String sha256 =
        run.calibration()
            .gram()
            .orElseThrow(
                () ->
                    TareException.badInput(
                        "Run %s has no Gram matrices, which a recipe with gptq needs: calibrate with --collect histogram,gram"
                            .formatted(run.folder().path())))
            .sha256();
    return new SelectGptq.Gram(
        StatisticsCheck.verified(StateKind.GRAM, work.inputs().spark(), run), sha256);
  }

  private QuantPlan select(Work work, ModelHandle model, RecipeText recipe, Statistics statistics)
      throws IOException {
    SelectJob job = new SelectJob(work.inputs().spark(), statistics.kept());
    boolean byGptq = recipe.parse().gptq().isPresent() && statistics.gram().isPresent();
    // A plan for trials rounds to nearest, and its corrections of biases are those for that.
    Optional<QuantPlan> placed = work.placed().filter(made -> !byGptq);
    QuantPlan plan;
    if (options.ranges().isPresent()) {
      plan =
          job.run(model, recipe, GivenRanges.read(options.ranges().get(), work.inputs().hadoop()));
    } else if (placed.isPresent()) {
      plan = placed.get();
    } else {
      plan =
          job.run(
              model,
              recipe,
              statistics.folder(),
              statistics.unchecked(),
              statistics.contentSha256(),
              statistics.samples(),
              statistics.gram());
    }
    work.attempt().write(Part.PLAN_JSON, QuantPlanJson.format(plan));
    job.write(plan, work.attempt().path(Part.PLAN), work.attempt().folder().runId());
    return plan;
  }

  private static SelectionFacts facts(QuantPlan plan, RecipeText recipe, ModelHandle model) {
    SortedMap<Role, Integer> quantized = new TreeMap<>();
    for (Role role : Role.values()) {
      quantized.put(role, plan.quantized(role).size());
    }
    return new SelectionFacts(
        recipe.name(),
        Optional.of(DefaultRecipe.of(model.prepared().graph()).name()),
        plan.target(),
        plan.placement(),
        Optional.of(plan.statisticsSha256()).filter(hash -> !hash.isEmpty()),
        quantized,
        plan.tensors().stream().filter(t -> !t.quantized()).count());
  }

  /**
   * What was decided, and how much stays float.
   *
   * @param vectors what stays float and is too small for an entry of the plan
   */
  private static String summary(QuantPlan plan, OtherConstants.Vectors vectors) {
    long left = plan.tensors().stream().filter(t -> !t.quantized()).count();
    int biases = plan.quantized(Role.BIAS).size();
    String beside =
        vectors.count() == 0
            ? ""
            : String.format(
                Locale.ROOT,
                ", beside %s of %,d %s",
                Amounts.counted(vectors.count(), "vector"),
                vectors.elements(),
                vectors.elements() == 1 ? "number" : "numbers");
    return "%s, %s, %d %s; %s %s float%s"
        .formatted(
            Amounts.counted(plan.quantized(Role.ACTIVATION).size(), "activation"),
            Amounts.counted(plan.quantized(Role.WEIGHT).size(), "weight"),
            biases,
            biases == 1 ? "bias" : "biases",
            Amounts.counted(left, "tensor"),
            left == 1 ? "stays" : "stay",
            beside);
  }
}
