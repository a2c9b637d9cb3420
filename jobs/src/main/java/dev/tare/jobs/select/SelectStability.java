package dev.tare.jobs.select;

import dev.tare.engine.graph.ModelGraph;
import dev.tare.engine.plan.ActivationPlanner;
import dev.tare.engine.plan.Candidates;
import dev.tare.engine.plan.QuantPlan;
import dev.tare.engine.plan.QuantPlanJson;
import dev.tare.engine.plan.ScaleStability;
import dev.tare.engine.plan.SmoothedInput;
import dev.tare.engine.recipe.TensorQuery;
import dev.tare.engine.statistics.RescaledChannels;
import dev.tare.engine.statistics.TensorStatistics;
import dev.tare.jobs.SparkJobs;
import dev.tare.jobs.TareException;
import dev.tare.jobs.artifact.InputRef;
import dev.tare.jobs.artifact.Part;
import dev.tare.jobs.artifact.Stability;
import dev.tare.jobs.model.ModelHandle;
import dev.tare.jobs.model.RecipeText;
import dev.tare.jobs.model.SmoothedHandle;
import dev.tare.jobs.stage.Work;
import dev.tare.jobs.storage.FinishedRun;
import dev.tare.jobs.table.StatisticsStore;
import dev.tare.jobs.table.StatisticsTable;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.apache.hadoop.fs.Path;
import org.apache.spark.api.java.function.FlatMapGroupsFunction;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.functions;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/**
 * Finds how much the scales of a plan depend on which samples were seen, where its statistics were
 * merged from those of several runs: these are its parts. Reads their states; no model runs.
 */
final class SelectStability implements FlatMapGroupsFunction<String, Row, Row> {

  private static final long serialVersionUID = 1L;

  private static final StructType SCHEMA =
      new StructType()
          .add("tensor", DataTypes.StringType, false)
          .add("db", DataTypes.DoubleType, false);

  private static final String PART = "part";

  private final RecipeText recipe;
  private final HashMap<String, TensorQuery> queries;
  private final String smoothed;
  private final int parts;

  private SelectStability(
      RecipeText recipe, Map<String, TensorQuery> queries, QuantPlan plan, int parts) {
    this.recipe = recipe;
    this.queries = new HashMap<>(queries);
    this.smoothed = QuantPlanJson.formatSmoothed(plan.smoothed());
    this.parts = parts;
  }

  /**
   * The stability of the scales of a plan.
   *
   * @param merged the run with its statistics
   * @return empty if they were merged from fewer than {@value ScaleStability#FEWEST_PARTS} runs, or
   *     one of these cannot be read any more, of which the user is warned
   */
  static Optional<Stability> of(
      Work work, ModelHandle model, RecipeText recipe, QuantPlan plan, FinishedRun merged)
      throws IOException {
    List<InputRef> refs =
        merged.manifest().inputs().stream()
            .filter(input -> input.name().equals("statistics"))
            .toList();
    if (refs.size() < ScaleStability.FEWEST_PARTS) {
      return Optional.empty();
    }
    ModelGraph graph = SmoothedHandle.of(model, plan).prepared().graph();
    Map<String, TensorQuery> queries =
        new TreeMap<>(
            Candidates.of(recipe.target(), recipe.placement(), recipe.parse(), graph)
                .activations());
    if (queries.isEmpty()) {
      return Optional.empty();
    }
    List<Path> folders = new ArrayList<>();
    try {
      for (InputRef ref : refs) {
        FinishedRun run = work.inputs().runs().open(ref.uri());
        if (!run.asInput(ref.name()).equals(ref)) {
          throw TareException.badInput(
              "Run %s is another one since it was merged".formatted(run.folder().path()));
        }
        folders.add(run.verified(Part.STATISTICS));
      }
    } catch (TareException e) {
      work.inputs().warn("How stable scales are cannot be said: " + e.getMessage());
      return Optional.empty();
    }
    SelectStability task = new SelectStability(recipe, queries, plan, folders.size());
    SparkJobs.describe(work.inputs().spark(), "select: stability of scales");
    List<Stability.Change> changes =
        StatisticsStore.groupedBy(functions.col("tensor"), task.rows(work, plan, folders))
            .flatMapGroups(task, Encoders.row(SCHEMA))
            .collectAsList()
            .stream()
            .map(row -> new Stability.Change(row.getString(0), row.getDouble(1)))
            .toList();
    SparkJobs.describe(work.inputs().spark(), null);
    return changes.isEmpty()
        ? Optional.empty()
        : Optional.of(new Stability(folders.size(), merged.calibration().samples(), changes));
  }

  private Dataset<Row> rows(Work work, QuantPlan plan, List<Path> folders) {
    Dataset<Row> all = null;
    for (int part = 0; part < folders.size(); part++) {
      Dataset<Row> own =
          SelectActivations.needed(
                  StatisticsStore.read(work.inputs().spark(), folders.get(part)),
                  recipe.parse(),
                  queries,
                  plan.smoothed())
              .withColumn(PART, functions.lit(part));
      all = all == null ? own : all.union(own);
    }
    return all;
  }

  @Override
  public Iterator<Row> call(String tensor, Iterator<Row> rows) {
    TreeMap<Integer, List<Row>> byPart = new TreeMap<>();
    rows.forEachRemaining(
        row -> byPart.computeIfAbsent(row.<Integer>getAs(PART), p -> new ArrayList<>()).add(row));
    List<TensorStatistics> statistics = new ArrayList<>();
    byPart
        .values()
        .forEach(own -> statistics.add(StatisticsTable.toTensor(tensor, own.iterator())));
    if (statistics.size() < parts) {
      // Runs that observed other tensors may be merged too.
      return List.<Row>of().iterator();
    }
    ScaleStability stability = new ScaleStability(new ActivationPlanner(recipe.parse()), parts);
    List<Row> found = new ArrayList<>();
    if (queries.containsKey(tensor)) {
      stability
          .changeDb(statistics, queries.get(tensor))
          .ifPresent(db -> found.add(RowFactory.create(tensor, db)));
    }
    for (SmoothedInput input : QuantPlanJson.parseSmoothed(smoothed)) {
      if (input.tensor().equals(tensor)) {
        stability
            .changeDb(
                statistics.stream().map(own -> rescaled(own, input)).toList(),
                queries.get(input.result()))
            .ifPresent(db -> found.add(RowFactory.create(input.result(), db)));
      }
    }
    return found.iterator();
  }

  private static TensorStatistics rescaled(TensorStatistics statistics, SmoothedInput input) {
    return RescaledChannels.of(statistics, input.factors(), input.offsets(), input.result());
  }
}
