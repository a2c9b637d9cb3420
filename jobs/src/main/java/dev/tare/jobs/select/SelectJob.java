package dev.tare.jobs.select;

import dev.tare.engine.graph.ModelGraph;
import dev.tare.engine.model.InvalidModelException;
import dev.tare.engine.plan.AmplifiedNoise;
import dev.tare.engine.plan.Candidates;
import dev.tare.engine.plan.CorrectedBias;
import dev.tare.engine.plan.GptqPlan;
import dev.tare.engine.plan.KeptWeights;
import dev.tare.engine.plan.LeftFloat;
import dev.tare.engine.plan.OtherConstants;
import dev.tare.engine.plan.PlanAssembler;
import dev.tare.engine.plan.PlanCodec;
import dev.tare.engine.plan.QuantPlan;
import dev.tare.engine.plan.SmoothedInput;
import dev.tare.engine.plan.TensorPlan;
import dev.tare.engine.recipe.GptqRule;
import dev.tare.engine.recipe.Recipe;
import dev.tare.engine.recipe.TensorQuery;
import dev.tare.jobs.Printable;
import dev.tare.jobs.SparkJobs;
import dev.tare.jobs.TareException;
import dev.tare.jobs.model.ModelHandle;
import dev.tare.jobs.model.RecipeText;
import dev.tare.jobs.model.SmoothedHandle;
import dev.tare.jobs.stage.WeightRanges;
import dev.tare.jobs.storage.FinishedRun;
import dev.tare.jobs.table.PlanStore;
import dev.tare.jobs.table.StatisticsCheck;
import dev.tare.jobs.table.StatisticsStore;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeSet;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.functions;

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
    SparkJobs.describe(spark, "select: what quantization would spoil");
    SelectSpoiled.Found found = SelectSpoiled.of(spark, model, recipeText, statistics);
    Map<String, String> spoiled = found.operators();
    Recipe recipe = recipeText.parse().withSpoiled(found.tensors());
    SparkJobs.describe(spark, "select: factors of channels");
    SelectSmoothing.Found factors = smoothed(model, recipeText, spoiled, statistics, gram);
    List<SmoothedInput> smoothed = factors.smoothed();
    SmoothedHandle changed = SmoothedHandle.of(model, smoothed);
    ModelGraph graph = changed.prepared().graph();
    Candidates candidates = candidates(model, graph, recipeText, recipe, spoiled);
    SparkJobs.describe(spark, "select: ranges of activations");
    List<TensorPlan> activations =
        factors.explained(
            activations(recipeText, recipe, candidates, smoothed, statistics, unchecked));
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
      candidates = candidates(model, graph, recipeText, recipe, spoiled);
      plans =
          new ArrayList<>(new PlanAssembler(candidates, graph, activations, weights).assemble());
    }
    SparkJobs.describe(spark, null);
    // Once more, for the biases that there are now.
    List<TensorPlan> whole = List.copyOf(plans);
    ModelGraph last = graph;
    Optional<GptqPlan> rounded = gptq.flatMap(own -> own.of(whole, smoothed, last));
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
        || !SelectSmoothing.Groups.of(recipeText, graph, suspected(recipe, graph))
            .tensors()
            .isEmpty()) {
      throw TareException.usage(
          "Recipe '%s' changes weights or biases by statistics of channels, which --ranges does not have: give --statistics RUN, or another recipe"
              .formatted(recipe.name()));
    }
    Candidates candidates = candidates(model, graph, recipeText, recipe, suspected(recipe, graph));
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

  /** What was found about factors of channels. */
  private SelectSmoothing.Found smoothed(
      ModelHandle model,
      RecipeText recipe,
      Map<String, String> spoiled,
      Path statistics,
      Optional<SelectGptq.Gram> gram) {
    return gram.isPresent() && recipe.parse().gptq().filter(GptqRule::awq).isPresent()
        ? new SelectSmoothing.Found(
            SelectAwq.of(spark, model, recipe, gram.get().folder()), Map.of())
        : SelectSmoothing.of(spark, model, recipe, spoiled, statistics);
  }

  /** Refuses statistics that lack an input which gets a range ahead of time. */
  private static void requireObserved(
      Recipe recipe, SortedMap<String, TensorQuery> wanted, List<TensorPlan> planned) {
    TreeSet<String> missing = new TreeSet<>(wanted.keySet());
    planned.forEach(plan -> missing.remove(plan.tensor()));
    if (!missing.isEmpty()) {
      throw TareException.badInput(
          "The statistics lack %d tensors that recipe '%s' needs: %s. Calibrate with --observe all-supported, or another --observe that covers them."
              .formatted(missing.size(), recipe.name(), String.join(", ", missing)));
    }
  }

  /**
   * Whether there is anything to do that can be written, known without statistics.
   *
   * @throws TareException (bad input) if the model has nothing that the recipe quantizes, or an
   *     operator that opset 13 cannot express, which quantized models need
   */
  public static void requireCandidates(ModelHandle model, RecipeText recipe) {
    possible(model, recipe);
    try {
      model.prepared().requireWritable();
    } catch (InvalidModelException e) {
      throw TareException.badInput(e.getMessage(), e);
    }
  }

  /**
   * Whether the target supports what the recipe asks for, for every operator.
   *
   * @throws TareException (usage) if it cannot, with operators and reasons
   */
  public static void requireFollowed(ModelHandle model, RecipeText recipe) {
    Candidates candidates = possible(model, recipe);
    if (!candidates.limited().isEmpty()) {
      throw TareException.usage(
          "--strict: target %s cannot follow recipe '%s' for %s"
              .formatted(
                  candidates.target().name(), recipe.name(), Printable.list(limits(candidates))));
    }
  }

  private static List<String> limits(Candidates candidates) {
    return candidates.limited().stream()
        .map(node -> node.node() + ": " + candidates.leftFloat().get(node))
        .toList();
  }

  /**
   * Whether the plan depends on statistics: an operator's input gets a range ahead of time, or
   * weights are rounded by what they multiply.
   */
  public static boolean needsStatistics(ModelHandle model, RecipeText recipe) {
    Candidates candidates = possible(model, recipe);
    return !candidates.activations().isEmpty() || recipe.parse().gptq().isPresent();
  }

  /**
   * Whether a plan that rounds to nearest depends on statistics: an operator's input gets a range
   * ahead of time.
   */
  public static boolean needsRanges(ModelHandle model, RecipeText recipe) {
    return !possible(model, recipe).activations().isEmpty();
  }

  /**
   * Whether decisions about activations are the first use of statistics, and so may be made while
   * these are checked.
   */
  static boolean readsActivationsFirst(ModelHandle model, RecipeText recipe) {
    ModelGraph graph = model.prepared().graph();
    return needsRanges(model, recipe)
        && SelectSmoothing.Groups.of(recipe, graph, Map.of()).tensors().isEmpty()
        && !SelectSpoiled.reads(recipe, graph);
  }

  /**
   * Whether there is anything that the recipe and its placement quantize, and statistics do not
   * leave in float.
   *
   * @param statistics folder of the statistics table; not read where the recipe needs none
   */
  public boolean hasCandidates(ModelHandle model, RecipeText recipe, Path statistics) {
    ModelGraph graph = model.prepared().graph();
    Recipe parsed = recipe.parse();
    if (Candidates.of(recipe.target(), recipe.placement(), parsed, graph).chosen().isEmpty()) {
      return false;
    }
    SelectSpoiled.Found found = SelectSpoiled.of(spark, model, recipe, statistics);
    return !Candidates.of(
            recipe.target(),
            recipe.placement(),
            parsed.withSpoiled(found.tensors()),
            graph,
            found.operators())
        .chosen()
        .isEmpty();
  }

  private static Map<String, String> suspected(Recipe recipe, ModelGraph graph) {
    return recipe.guard() ? AmplifiedNoise.suspected(graph) : Map.of();
  }

  /** What may be quantized, as far as it is known without statistics. */
  private static Candidates possible(ModelHandle model, RecipeText recipe) {
    ModelGraph graph = model.prepared().graph();
    Recipe parsed = recipe.parse();
    return requireAny(
        model, graph, parsed, Candidates.of(recipe.target(), recipe.placement(), parsed, graph));
  }

  private static Candidates candidates(
      ModelHandle model,
      ModelGraph graph,
      RecipeText text,
      Recipe recipe,
      Map<String, String> spoiled) {
    return requireAny(
        model,
        graph,
        recipe,
        Candidates.of(text.target(), text.placement(), recipe, graph, spoiled));
  }

  private static Candidates requireAny(
      ModelHandle model, ModelGraph graph, Recipe recipe, Candidates candidates) {
    if (candidates.chosen().isEmpty()) {
      throw TareException.badInput(
          NothingToQuantize.message(model.prepared().name(), graph, recipe, candidates));
    }
    return candidates;
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

  private List<TensorPlan> activations(
      RecipeText recipeText,
      Recipe recipe,
      Candidates candidates,
      List<SmoothedInput> smoothed,
      Path statistics,
      Optional<FinishedRun> unchecked) {
    SortedMap<String, TensorQuery> wanted = candidates.activations();
    if (wanted.isEmpty()) {
      return List.of();
    }
    SelectActivations select = new SelectActivations(recipeText, wanted, smoothed);
    List<TensorPlan> planned =
        decoded(
            unchecked.isPresent()
                ? whileChecking(unchecked.get(), select)
                : ofChecked(statistics, recipe, wanted, smoothed, select));
    requireObserved(recipe, wanted, planned);
    return planned;
  }

  /** One reading of the table serves the check and the decisions. */
  private List<byte[]> whileChecking(FinishedRun run, SelectActivations select) {
    try {
      try {
        return StatisticsCheck.readBytes(spark, run, select);
      } catch (Exception e) {
        // Of statistics that are not those of the run, say that rather than where it shows.
        StatisticsCheck.verified(spark, run);
        throw e;
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private List<byte[]> ofChecked(
      Path statistics,
      Recipe recipe,
      SortedMap<String, TensorQuery> wanted,
      List<SmoothedInput> smoothed,
      SelectActivations select) {
    Dataset<Row> needed =
        SelectActivations.needed(
            StatisticsStore.readChecked(spark, statistics), recipe, wanted, smoothed);
    return StatisticsStore.groupedBy(functions.col("tensor"), needed)
        .flatMapGroups(select, Encoders.BINARY())
        .collectAsList();
  }

  private static List<TensorPlan> decoded(List<byte[]> plans) {
    return plans.stream().map(PlanCodec::decode).toList();
  }
}
