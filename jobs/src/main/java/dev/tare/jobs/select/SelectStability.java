package dev.tare.jobs.select;

import dev.tare.engine.graph.ModelGraph;
import dev.tare.engine.plan.ActivationPlanner;
import dev.tare.engine.plan.AmplifiedNoise;
import dev.tare.engine.plan.Candidates;
import dev.tare.engine.plan.QuantPlan;
import dev.tare.engine.plan.QuantPlanJson;
import dev.tare.engine.plan.ScaleStability;
import dev.tare.engine.plan.SmoothedInput;
import dev.tare.engine.plan.TensorPlan;
import dev.tare.engine.recipe.Role;
import dev.tare.engine.recipe.TensorQuery;
import dev.tare.engine.statistics.RescaledChannels;
import dev.tare.engine.statistics.StateKind;
import dev.tare.engine.statistics.TensorStatistics;
import dev.tare.jobs.SparkJobs;
import dev.tare.jobs.TareException;
import dev.tare.jobs.artifact.CalibrationFacts;
import dev.tare.jobs.artifact.InputRef;
import dev.tare.jobs.artifact.Part;
import dev.tare.jobs.artifact.Stability;
import dev.tare.jobs.model.ModelHandle;
import dev.tare.jobs.model.RecipeText;
import dev.tare.jobs.model.SmoothedHandle;
import dev.tare.jobs.stage.Work;
import dev.tare.jobs.storage.FinishedRun;
import dev.tare.jobs.table.FoldsTable;
import dev.tare.jobs.table.StatisticsCheck;
import dev.tare.jobs.table.StatisticsStore;
import dev.tare.jobs.table.StatisticsTable;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.hadoop.fs.Path;
import org.apache.spark.api.java.function.FlatMapGroupsFunction;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.functions;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/**
 * Finds how much the scales of a plan depend on which samples were seen, from the statistics of
 * parts of them: the runs whose statistics were merged, or the folds that a calibration collected.
 * No model runs.
 */
final class SelectStability implements FlatMapGroupsFunction<String, Row, Row> {

  private static final long serialVersionUID = 1L;

  private static final StructType SCHEMA =
      new StructType()
          .add("tensor", DataTypes.StringType, false)
          .add("db", DataTypes.DoubleType, false)
          .add("parts", DataTypes.IntegerType, false);

  private static final String PART = "part";

  /** The part of rows that are of all samples. */
  private static final int ALL = -1;

  /** What is read of each row. */
  private static final Column[] COLUMNS =
      Stream.of(
              "format_version",
              "run_id",
              "model_sha256",
              "tensor",
              "axis",
              "channel",
              "mantissa_bits",
              "count",
              "zeros",
              "nans",
              "pos_infs",
              "neg_infs",
              "min",
              "max",
              "bin",
              "bin_count",
              PART)
          .map(functions::col)
          .toArray(Column[]::new);

  private final RecipeText recipe;
  private final HashMap<String, TensorQuery> queries;
  private final String smoothed;

  private SelectStability(RecipeText recipe, Map<String, TensorQuery> queries, QuantPlan plan) {
    this.recipe = recipe;
    this.queries = new HashMap<>(queries);
    this.smoothed = QuantPlanJson.formatSmoothed(plan.smoothed());
  }

  /**
   * The stability of the scales of a plan.
   *
   * @param named the run with its statistics; empty for those of this run
   * @return empty if they were merged from fewer than {@value ScaleStability#FEWEST_PARTS} runs and
   *     have no folds, or their parts cannot be read any more, of which the user is warned
   */
  static Optional<Stability> of(
      Work work, ModelHandle model, RecipeText recipe, QuantPlan plan, Optional<FinishedRun> named)
      throws IOException {
    Optional<Dataset<Row>> parts = named.isPresent() ? parts(work, named.get()) : folds(work);
    ModelGraph graph = SmoothedHandle.of(model, plan).prepared().graph();
    Map<String, TensorQuery> queries = quantized(recipe, plan, graph);
    if (parts.isEmpty() || queries.isEmpty()) {
      return Optional.empty();
    }
    SelectStability task = new SelectStability(recipe, queries, plan);
    Path statistics =
        named.isPresent()
            ? named.get().path(Part.STATISTICS)
            : work.attempt().path(Part.STATISTICS);
    Dataset<Row> all =
        StatisticsStore.read(work.inputs().spark(), statistics)
            .withColumn(PART, functions.lit(ALL));
    Dataset<Row> rows =
        SelectActivations.needed(
            parts.get().select(COLUMNS).union(all.select(COLUMNS)),
            recipe.parse(),
            queries,
            plan.smoothed());
    SparkJobs.describe(work.inputs().spark(), "select: stability of scales");
    List<Row> found =
        StatisticsStore.groupedBy(functions.col("tensor"), rows)
            .flatMapGroups(task, Encoders.row(SCHEMA))
            .collectAsList();
    SparkJobs.describe(work.inputs().spark(), null);
    if (found.isEmpty()) {
      return Optional.empty();
    }
    long samples =
        named.isPresent()
            ? named.get().calibration().samples()
            : work.facts().calibration().orElseThrow().samples();
    return Optional.of(
        new Stability(
            found.stream().mapToInt(row -> row.getInt(2)).max().orElseThrow(),
            samples,
            found.stream()
                .map(row -> new Stability.Change(row.getString(0), row.getDouble(1)))
                .toList()));
  }

  /** The activations that a plan gives scales ahead of time, by name. */
  private static Map<String, TensorQuery> quantized(
      RecipeText recipe, QuantPlan plan, ModelGraph graph) {
    Set<String> readers =
        plan.quantized(Role.ACTIVATION).stream()
            .flatMap(activation -> activation.consumers().stream())
            .collect(Collectors.toSet());
    Map<String, String> spoiled = new HashMap<>();
    if (recipe.parse().guard()) {
      AmplifiedNoise.exposed(graph).stream()
          .filter(node -> !readers.contains(node))
          .forEach(node -> spoiled.put(node, "the plan leaves it in float"));
    }
    Map<String, TensorQuery> queries =
        new TreeMap<>(
            Candidates.of(recipe.target(), recipe.placement(), recipe.parse(), graph, spoiled)
                .activations());
    queries
        .keySet()
        .removeIf(
            tensor -> plan.find(tensor, Role.ACTIVATION).filter(TensorPlan::quantized).isEmpty());
    return queries;
  }

  /** The rows of the runs that were merged, or else of the folds of a run, by part. */
  private static Optional<Dataset<Row>> parts(Work work, FinishedRun run) throws IOException {
    List<InputRef> refs =
        run.manifest().inputs().stream()
            .filter(input -> input.name().equals("statistics"))
            .toList();
    SparkSession spark = work.inputs().spark();
    if (refs.size() < ScaleStability.FEWEST_PARTS) {
      return run.has(Part.FOLDS)
          ? Optional.of(folds(spark, StatisticsCheck.verified(StateKind.FOLDS, spark, run)))
          : Optional.empty();
    }
    try {
      Dataset<Row> all = null;
      for (int part = 0; part < refs.size(); part++) {
        InputRef ref = refs.get(part);
        FinishedRun merged = work.inputs().runs().open(ref.uri());
        if (!merged.asInput(ref.name()).equals(ref)) {
          throw TareException.badInput(
              "Run %s is another one since it was merged".formatted(merged.folder().path()));
        }
        Dataset<Row> own =
            StatisticsStore.read(spark, merged.verified(Part.STATISTICS))
                .withColumn(PART, functions.lit(part));
        all = all == null ? own : all.union(own);
      }
      return Optional.ofNullable(all);
    } catch (TareException e) {
      work.inputs().warn("How stable scales are cannot be said: " + e.getMessage());
      return Optional.empty();
    }
  }

  /** The folds of this run, if its calibration collected them. */
  private static Optional<Dataset<Row>> folds(Work work) {
    return work.facts()
        .calibration()
        .flatMap(CalibrationFacts::foldsSha256)
        .map(sha256 -> folds(work.inputs().spark(), work.attempt().path(Part.FOLDS)));
  }

  private static Dataset<Row> folds(SparkSession spark, Path folder) {
    return FoldsTable.rows(spark, folder).withColumnRenamed(FoldsTable.FOLD, PART);
  }

  @Override
  public Iterator<Row> call(String tensor, Iterator<Row> rows) {
    TreeMap<Integer, List<Row>> byPart = new TreeMap<>();
    rows.forEachRemaining(
        row -> byPart.computeIfAbsent(row.<Integer>getAs(PART), p -> new ArrayList<>()).add(row));
    List<Row> whole = byPart.remove(ALL);
    if (whole == null || byPart.size() < ScaleStability.FEWEST_PARTS) {
      return List.<Row>of().iterator();
    }
    TensorStatistics all = StatisticsTable.toTensor(tensor, whole.iterator());
    List<TensorStatistics> parts = new ArrayList<>();
    byPart.values().forEach(own -> parts.add(StatisticsTable.toTensor(tensor, own.iterator())));
    List<Row> found = new ArrayList<>();
    if (queries.containsKey(tensor)) {
      change(all, parts, queries.get(tensor)).ifPresent(found::add);
    }
    for (SmoothedInput input : QuantPlanJson.parseSmoothed(smoothed)) {
      if (input.tensor().equals(tensor) && queries.containsKey(input.result())) {
        change(
                rescaled(all, input),
                parts.stream().map(own -> rescaled(own, input)).toList(),
                queries.get(input.result()))
            .ifPresent(found::add);
      }
    }
    return found.iterator();
  }

  /** Empty where the recipe's method needs finer bins than folds have. */
  private Optional<Row> change(
      TensorStatistics all, List<TensorStatistics> parts, TensorQuery query) {
    try {
      return new ScaleStability(new ActivationPlanner(recipe.parse()), parts.size())
          .changeDb(all, parts, query)
          .map(db -> RowFactory.create(query.tensor(), db, parts.size()));
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    }
  }

  private static TensorStatistics rescaled(TensorStatistics statistics, SmoothedInput input) {
    return RescaledChannels.of(statistics, input.factors(), input.offsets(), input.result());
  }
}
