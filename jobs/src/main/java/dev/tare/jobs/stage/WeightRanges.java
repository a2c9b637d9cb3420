package dev.tare.jobs.stage;

import dev.tare.engine.graph.ModelGraph;
import dev.tare.engine.plan.Candidates;
import dev.tare.engine.plan.FoundScales;
import dev.tare.engine.plan.KeptWeights;
import dev.tare.engine.plan.PlanCodec;
import dev.tare.engine.plan.TensorPlan;
import dev.tare.engine.recipe.Recipe;
import dev.tare.engine.recipe.TensorQuery;
import dev.tare.engine.recipe.TensorRule;
import dev.tare.engine.tensor.Shape;
import dev.tare.jobs.Build;
import dev.tare.jobs.SparkJobs;
import dev.tare.jobs.TareException;
import dev.tare.jobs.artifact.Part;
import dev.tare.jobs.model.ModelHandle;
import dev.tare.jobs.model.RecipeOptions;
import dev.tare.jobs.model.RecipeText;
import dev.tare.jobs.model.SmoothedHandle;
import dev.tare.jobs.storage.FinishedRun;
import dev.tare.jobs.storage.RunAttempt;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.SparkSession;

/**
 * Plans weights on executors, and keeps what their extremes give beside statistics: recipes differ
 * in activations more often than in weights, and then no weight is read again.
 */
public final class WeightRanges {

  /** Where the graph would choose: its rule for weights is that of most recipes. */
  private static final String KEPT_BY = "int8";

  private WeightRanges() {}

  /**
   * Plans weights, each by a task that reads its values.
   *
   * @param wanted by name
   * @param found scales of another tool, by name of the tensor
   * @return in the order of names
   * @throws TareException (bad input) if a weight has no range by the recipe's method
   */
  public static List<TensorPlan> measured(
      SparkSession spark,
      SmoothedHandle model,
      RecipeText recipe,
      SortedMap<String, TensorQuery> wanted,
      Map<String, FoundScales> found) {
    int tasks = Math.min(wanted.size(), SparkJobs.parallelism(spark));
    // A range has its partitions without a shuffle.
    return spark
        .range(0, wanted.size(), 1, tasks)
        .mapPartitions(new PlanWeights(model, recipe, wanted, found), Encoders.BINARY())
        .collectAsList()
        .stream()
        .map(PlanCodec::decode)
        .toList();
  }

  /**
   * Plans weights, those by kept ranges of which enough is known.
   *
   * @return in the order of names
   */
  public static List<TensorPlan> measured(
      SparkSession spark,
      ModelHandle model,
      RecipeText recipe,
      SortedMap<String, TensorQuery> wanted,
      KeptWeights kept) {
    Recipe rules = recipe.parse();
    SortedMap<String, TensorPlan> plans = new TreeMap<>();
    SortedMap<String, TensorQuery> others = new TreeMap<>();
    wanted.forEach(
        (name, query) ->
            kept.plan(query, rules)
                .ifPresentOrElse(plan -> plans.put(name, plan), () -> others.put(name, query)));
    if (!others.isEmpty()) {
      measured(spark, SmoothedHandle.of(model, List.of()), recipe, others, Map.of())
          .forEach(plan -> plans.put(plan.tensor(), plan));
    }
    return List.copyOf(plans.values());
  }

  /** Measures the weights of a model and writes their ranges, unless it has too many. */
  public static void write(SparkSession spark, ModelHandle model, RunAttempt attempt)
      throws IOException {
    RecipeOptions own = RecipeOptions.ofDefault(model);
    RecipeText recipe =
        RecipeText.open(own.automatic() ? RecipeOptions.of(KEPT_BY) : own, SparkJobs.hadoop(spark));
    ModelGraph graph = model.prepared().graph();
    Candidates candidates =
        Candidates.of(recipe.target(), recipe.placement(), recipe.parse(), graph);
    SortedMap<String, TensorQuery> wanted = candidates.weights();
    if (wanted.isEmpty() || channels(candidates, recipe.parse()) > KeptWeights.MOST_CHANNELS) {
      return;
    }
    SparkJobs.describe(spark, "calibrate: ranges of weights");
    List<TensorPlan> plans =
        measured(spark, SmoothedHandle.of(model, List.of()), recipe, wanted, Map.of());
    SparkJobs.describe(spark, null);
    long channels = plans.stream().mapToLong(plan -> plan.channels().size()).sum();
    if (channels <= KeptWeights.MOST_CHANNELS) {
      attempt.write(
          Part.WEIGHT_RANGES,
          KeptWeights.of(model.sha256(), Build.current().version(), recipe.parse(), plans)
              .format());
    }
  }

  /** Channels of the weights of products, as their shapes tell before any is read. */
  public static long channels(Candidates candidates, Recipe recipe) {
    Map<String, Shape> shapes = new TreeMap<>();
    candidates.nodes().forEach(node -> shapes.put(node.weight(), node.weightShape()));
    SortedMap<String, TensorQuery> queries = candidates.weights();
    return shapes.entrySet().stream()
        .filter(weight -> queries.containsKey(weight.getKey()))
        .mapToLong(
            weight -> {
              TensorQuery query = queries.get(weight.getKey());
              TensorRule rule = recipe.decide(query).rule();
              return rule.granularity(query).paramsShape(weight.getValue()).size();
            })
        .sum();
  }

  /**
   * Those beside the statistics of a run of this model.
   *
   * @param notices told if they are of another version of Tare, and so not used
   * @return none if there are none that can be used
   * @throws TareException (bad input) if they are damaged, or of another model
   */
  public static KeptWeights of(FinishedRun run, ModelHandle model, Consumer<String> notices)
      throws IOException {
    if (!run.has(Part.WEIGHT_RANGES)) {
      return KeptWeights.none();
    }
    String where = run.path(Part.WEIGHT_RANGES).toString();
    KeptWeights kept = parsed(run.verifiedText(Part.WEIGHT_RANGES), where);
    if (!kept.madeBy().equals(Build.current().version())) {
      notices.accept(
          "Ranges of weights in %s are of another version (%s): weights are read again"
              .formatted(run.folder().path(), kept.madeBy()));
      return KeptWeights.none();
    }
    if (!kept.modelSha256().equals(model.sha256())) {
      throw TareException.badInput(
          "%s is of another model: sha256 %s, but %s has %s"
              .formatted(where, kept.modelSha256(), model.ref().uri(), model.sha256()));
    }
    return kept;
  }

  /**
   * The text of those beside the statistics of a run, if this version made them.
   *
   * @throws TareException (bad input) if they are damaged
   */
  public static Optional<String> current(FinishedRun run) throws IOException {
    if (!run.has(Part.WEIGHT_RANGES)) {
      return Optional.empty();
    }
    String text = run.verifiedText(Part.WEIGHT_RANGES);
    KeptWeights kept = parsed(text, run.path(Part.WEIGHT_RANGES).toString());
    return Optional.of(text).filter(own -> kept.madeBy().equals(Build.current().version()));
  }

  /** Those that this run wrote; none if it did not. */
  public static KeptWeights of(RunAttempt attempt) throws IOException {
    return attempt
        .text(Part.WEIGHT_RANGES)
        .map(text -> parsed(text, Part.WEIGHT_RANGES.fileName()))
        .orElseGet(KeptWeights::none);
  }

  private static KeptWeights parsed(String text, String where) {
    try {
      return KeptWeights.parse(text);
    } catch (IllegalArgumentException e) {
      throw TareException.badInput("Cannot read %s: %s".formatted(where, e.getMessage()), e);
    }
  }
}
