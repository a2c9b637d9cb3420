package dev.tare.jobs.select;

import dev.tare.engine.graph.ModelGraph;
import dev.tare.engine.plan.Candidates;
import dev.tare.engine.plan.CorrectedBias;
import dev.tare.engine.plan.GptqPlan;
import dev.tare.engine.plan.KeptWeights;
import dev.tare.engine.plan.LeftFloat;
import dev.tare.engine.plan.OtherConstants;
import dev.tare.engine.plan.PlanAssembler;
import dev.tare.engine.plan.QuantPlan;
import dev.tare.engine.plan.SmoothedInput;
import dev.tare.engine.plan.TensorPlan;
import dev.tare.engine.recipe.GptqRule;
import dev.tare.engine.recipe.Recipe;
import dev.tare.jobs.SparkJobs;
import dev.tare.jobs.TareException;
import dev.tare.jobs.model.ModelHandle;
import dev.tare.jobs.model.RecipeText;
import dev.tare.jobs.model.SmoothedHandle;
import dev.tare.jobs.stage.WeightRanges;
import dev.tare.jobs.storage.FinishedRun;
import dev.tare.jobs.table.PlanStore;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.SparkSession;

/**
 * Makes the plan. Activations are decided from statistics, weights from their values, both on
 * executors; the driver makes the decisions agree.
 *
 * <p>Law: the plan is a function of statistics, recipe and weights.
 */
public final class SelectJob {

  private final SparkSession spark;
  private final KeptWeights kept;

  public SelectJob(SparkSession spark) {
    this(spark, KeptWeights.none());
  }

  /**
   * @param kept what is known of the weights of the models that are selected for; the plans are the
   *     same without
   */
  public SelectJob(SparkSession spark, KeptWeights kept) {
    this.spark = spark;
    this.kept = kept;
  }

  /**
   * Selects ranges by a recipe, of activations from statistics and of weights from the model, and
   * makes the plan of them.
   *
   * @param statistics folder of the statistics table; not read where the recipe needs none
   * @param contentSha256 its identity, which the plan records
   * @throws TareException (bad input) if the model has nothing that the recipe quantizes, or the
   *     statistics lack a tensor that it needs; the message names them
   */
  public QuantPlan run(
      ModelHandle model, RecipeText recipeText, Path statistics, String contentSha256) {
    return run(model, recipeText, statistics, contentSha256, 1);
  }

  /**
   * The same, of statistics from a number of samples: corrections of biases depend on it, and with
   * only one sample hardly any is certain.
   */
  public QuantPlan run(
      ModelHandle model,
      RecipeText recipeText,
      Path statistics,
      String contentSha256,
      long samples) {
    return run(model, recipeText, statistics, contentSha256, samples, Optional.empty());
  }

  /**
   * The same, with weights that will be rounded by GPTQ where the recipe says so.
   *
   * @param gram the Gram matrices; empty to round all weights to nearest
   */
  QuantPlan run(
      ModelHandle model,
      RecipeText recipeText,
      Path statistics,
      String contentSha256,
      long samples,
      Optional<SelectGptq.Gram> gram) {
    return run(model, recipeText, statistics, Optional.empty(), contentSha256, samples, gram);
  }

  /**
   * The same, of statistics that nobody has checked yet.
   *
   * @param unchecked the run that they are of; empty if they have been checked
   */
  QuantPlan run(
      ModelHandle model,
      RecipeText recipeText,
      Path statistics,
      Optional<FinishedRun> unchecked,
      String contentSha256,
      long samples,
      Optional<SelectGptq.Gram> gram) {
    SelectSpoiled.Found found = found(model, recipeText, statistics);
    return run(model, recipeText, statistics, unchecked, contentSha256, samples, gram, found);
  }

  /**
   * The same of checked statistics, or nothing where the recipe and its placement quantize nothing,
   * or statistics leave all of it in float.
   */
  public Optional<QuantPlan> runIfAny(
      ModelHandle model,
      RecipeText recipeText,
      Path statistics,
      String contentSha256,
      long samples) {
    if (!Quantizable.any(model, recipeText)) {
      return Optional.empty();
    }
    SelectSpoiled.Found found = found(model, recipeText, statistics);
    return Quantizable.any(model, recipeText, found)
        ? Optional.of(
            run(
                model,
                recipeText,
                statistics,
                Optional.empty(),
                contentSha256,
                samples,
                Optional.empty(),
                found))
        : Optional.empty();
  }

  private SelectSpoiled.Found found(ModelHandle model, RecipeText recipeText, Path statistics) {
    SparkJobs.describe(spark, "select: what quantization would spoil");
    return SelectSpoiled.of(spark, model, recipeText, statistics);
  }

  private QuantPlan run(
      ModelHandle model,
      RecipeText asked,
      Path statistics,
      Optional<FinishedRun> unchecked,
      String contentSha256,
      long samples,
      Optional<SelectGptq.Gram> gram,
      SelectSpoiled.Found found) {
    Map<String, String> spoiled = found.operators();
    FloatInputs before = FloatInputs.of(spark, model, asked, spoiled, statistics);
    SparkJobs.describe(spark, "select: factors of channels");
    SelectSmoothing.Found factors =
        gram.isPresent() && asked.parse().gptq().filter(GptqRule::awq).isPresent()
            ? new SelectSmoothing.Found(
                SelectAwq.of(spark, model, before.recipe(), gram.get().folder()), Map.of())
            : SelectSmoothing.of(spark, model, before.recipe(), spoiled, statistics);
    List<SmoothedInput> smoothed = factors.smoothed();
    SmoothedHandle changed = SmoothedHandle.of(model, smoothed);
    ModelGraph graph = changed.prepared().graph();
    FloatInputs cheap = before.in(graph);
    RecipeText recipeText = cheap.recipe();
    Recipe recipe = recipeText.parse().withSpoiled(found.tensors());
    Candidates candidates = Quantizable.of(model, graph, recipeText, recipe, spoiled);
    SparkJobs.describe(spark, "select: ranges of activations");
    List<TensorPlan> activations =
        factors.explained(
            new ActivationRanges(spark, statistics, unchecked)
                .of(recipeText, recipe, candidates, smoothed));
    SparkJobs.describe(spark, "select: ranges of weights");
    List<TensorPlan> weights =
        smoothed.isEmpty()
            ? WeightRanges.measured(spark, model, recipeText, candidates.weights(), kept)
            : WeightRanges.measured(spark, changed, recipeText, candidates.weights(), Map.of());
    List<TensorPlan> plans =
        new ArrayList<>(new PlanAssembler(candidates, graph, activations, weights).assemble());
    Optional<SelectGptq> gptq =
        gram.filter(own -> recipe.gptq().isPresent())
            .map(own -> new SelectGptq(spark, recipe.gptq().orElseThrow(), own));
    if (gptq.isPresent()) {
      weights = gptq.get().withFoundScales(plans, weights, smoothed, changed);
      plans =
          new ArrayList<>(new PlanAssembler(candidates, graph, activations, weights).assemble());
    }
    List<CorrectedBias> corrected = List.of();
    if (recipe.biasCorrection()) {
      List<TensorPlan> assembled = plans;
      ModelGraph uncorrected = graph;
      Optional<GptqPlan> rounded = gptq.flatMap(own -> own.of(assembled, smoothed, uncorrected));
      SparkJobs.describe(spark, "select: corrections of biases");
      corrected =
          new Corrections(spark, changed, statistics, samples)
              .of(candidates, plans, smoothed, rounded);
      graph = SmoothedHandle.of(model, smoothed, corrected).prepared().graph();
      candidates = Quantizable.of(model, graph, recipeText, recipe, spoiled);
      plans =
          new ArrayList<>(new PlanAssembler(candidates, graph, activations, weights).assemble());
    }
    SparkJobs.describe(spark, null);
    // Once more, for the biases that there are now.
    List<TensorPlan> whole = List.copyOf(plans);
    ModelGraph last = graph;
    Optional<GptqPlan> rounded = gptq.flatMap(own -> own.of(whole, smoothed, last));
    plans.addAll(cheap.left(candidates, plans));
    return whole(
        model, recipeText, contentSha256, candidates, graph, plans, smoothed, rounded, corrected);
  }

  /**
   * Makes a plan of ranges, and of scales of activations and weights, that another tool has found.
   *
   * @throws TareException (usage) if the recipe needs more of the data than ranges; (bad input) if
   *     a range is missing, or there is nothing to quantize
   */
  QuantPlan run(ModelHandle model, RecipeText recipeText, GivenRanges ranges) {
    Recipe recipe = recipeText.parse();
    ModelGraph graph = model.prepared().graph();
    if (recipe.biasCorrection()
        || recipe.gptq().isPresent()
        || !SelectSmoothing.Groups.of(recipeText, graph, Quantizable.suspected(recipe, graph))
            .tensors()
            .isEmpty()) {
      throw TareException.usage(
          "Recipe '%s' changes weights or biases by statistics of channels, which --ranges does not have: give --statistics RUN, or another recipe"
              .formatted(recipe.name()));
    }
    Candidates candidates =
        Quantizable.of(model, graph, recipeText, recipe, Quantizable.suspected(recipe, graph));
    List<TensorPlan> activations = ranges.plan(recipe, candidates.activations());
    SparkJobs.describe(spark, "select: ranges of weights");
    SmoothedHandle unchanged = SmoothedHandle.of(model, List.of());
    List<TensorPlan> weights =
        WeightRanges.measured(spark, unchanged, recipeText, candidates.weights(), ranges.scales());
    SparkJobs.describe(spark, null);
    List<TensorPlan> plans =
        new ArrayList<>(new PlanAssembler(candidates, graph, activations, weights).assemble());
    return whole(
        model, recipeText, "", candidates, graph, plans, List.of(), Optional.empty(), List.of());
  }

  private static QuantPlan whole(
      ModelHandle model,
      RecipeText recipeText,
      String contentSha256,
      Candidates candidates,
      ModelGraph graph,
      List<TensorPlan> plans,
      List<SmoothedInput> smoothed,
      Optional<GptqPlan> rounded,
      List<CorrectedBias> corrected) {
    Recipe recipe = recipeText.parse();
    plans.addAll(LeftFloat.of(recipe, candidates, plans));
    plans.addAll(OtherConstants.of(candidates.target(), recipe, graph, plans));
    plans.sort(Comparator.comparing(TensorPlan::tensor).thenComparing(TensorPlan::role));
    return new QuantPlan(
        recipe.name(),
        recipeText.targetName(),
        recipeText.namedPlacement(),
        model.sha256(),
        List.copyOf(model.prepared().widened()),
        contentSha256,
        smoothed,
        rounded,
        corrected,
        plans);
  }

  /** Vectors and scalars that stay float and are not in the plan. */
  public static OtherConstants.Vectors vectors(ModelHandle model, QuantPlan plan) {
    return OtherConstants.Vectors.of(SmoothedHandle.of(model, plan).prepared().graph(), plan);
  }

  /** Writes the plan as a table, in one file. */
  public void write(QuantPlan plan, Path folder, String runId) {
    SparkJobs.describe(spark, "select: write plan");
    PlanStore.write(spark, plan, folder, runId);
    SparkJobs.describe(spark, null);
  }
}
