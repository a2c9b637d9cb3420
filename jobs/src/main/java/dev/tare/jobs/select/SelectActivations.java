package dev.tare.jobs.select;

import dev.tare.engine.plan.ActivationPlanner;
import dev.tare.engine.plan.PlanCodec;
import dev.tare.engine.plan.QuantPlanJson;
import dev.tare.engine.plan.SmoothedInput;
import dev.tare.engine.recipe.Recipe;
import dev.tare.engine.recipe.TensorQuery;
import dev.tare.engine.statistics.RescaledChannels;
import dev.tare.engine.statistics.TensorStatistics;
import dev.tare.jobs.TareException;
import dev.tare.jobs.model.RecipeText;
import dev.tare.jobs.table.StatisticsTable;
import dev.tare.jobs.table.TensorReader;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.apache.spark.api.java.function.FlatMapGroupsFunction;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.functions;

/**
 * Decides about one activation from its rows, or from its statistics while those of another run are
 * checked; tensors that the recipe does not quantize are skipped.
 */
final class SelectActivations implements FlatMapGroupsFunction<String, Row, byte[]>, TensorReader {

  private static final long serialVersionUID = 1L;

  private final RecipeText recipe;
  private final HashMap<String, TensorQuery> queries;
  private final String smoothed;

  private transient volatile Map<String, SmoothedInput> byTensor;

  /**
   * @param queries by name of what is quantized, the result of a smoothed input
   */
  SelectActivations(
      RecipeText recipe, Map<String, TensorQuery> queries, List<SmoothedInput> smoothed) {
    this.recipe = recipe;
    this.queries = new HashMap<>(queries);
    this.smoothed = QuantPlanJson.formatSmoothed(smoothed);
  }

  /**
   * The rows of statistics that decisions about activations read: of what is quantized and of
   * inputs that are smoothed, and those of channels only where they are read.
   *
   * @param queries by name of what is quantized, the result of a smoothed input
   */
  static Dataset<Row> needed(
      Dataset<Row> statistics,
      Recipe recipe,
      Map<String, TensorQuery> queries,
      List<SmoothedInput> smoothed) {
    Set<String> tensors = new TreeSet<>(queries.keySet());
    for (SmoothedInput input : smoothed) {
      tensors.remove(input.result());
      tensors.add(input.tensor());
    }
    ActivationPlanner planner = new ActivationPlanner(recipe);
    boolean channels =
        !smoothed.isEmpty() || queries.values().stream().anyMatch(planner::readsChannels);
    Dataset<Row> asked = statistics.filter(functions.col("tensor").isin(tensors.toArray()));
    return channels ? asked : asked.filter(functions.col("channel").isNull());
  }

  @Override
  public Iterator<byte[]> call(String tensor, Iterator<Row> rows) {
    return wanted(tensor)
        ? plans(StatisticsTable.toTensor(tensor, rows)).iterator()
        : List.<byte[]>of().iterator();
  }

  @Override
  public List<Row> read(TensorStatistics statistics) {
    return wanted(statistics.tensor())
        ? plans(statistics).stream().map(plan -> RowFactory.create((Object) plan)).toList()
        : List.of();
  }

  private boolean wanted(String tensor) {
    return queries.containsKey(tensor) || byTensor().containsKey(tensor);
  }

  /** Threads that come at the same time each fill a map of their own. */
  private Map<String, SmoothedInput> byTensor() {
    Map<String, SmoothedInput> known = byTensor;
    if (known == null) {
      Map<String, SmoothedInput> filled = new HashMap<>();
      QuantPlanJson.parseSmoothed(smoothed).forEach(input -> filled.put(input.tensor(), input));
      known = Map.copyOf(filled);
      byTensor = known;
    }
    return known;
  }

  private List<byte[]> plans(TensorStatistics statistics) {
    String tensor = statistics.tensor();
    SmoothedInput input = byTensor().get(tensor);
    List<byte[]> plans = new ArrayList<>(2);
    try {
      if (queries.containsKey(tensor)) {
        plans.add(PlanCodec.encode(planner().plan(statistics, queries.get(tensor))));
      }
      if (input != null) {
        plans.add(
            PlanCodec.encode(
                planner()
                    .plan(
                        RescaledChannels.of(
                            statistics, input.factors(), input.offsets(), input.result()),
                        queries.get(input.result()),
                        () ->
                            RescaledChannels.distributions(
                                statistics, input.factors(), input.offsets()))));
      }
      return plans;
    } catch (IllegalArgumentException e) {
      throw TareException.badInput(e.getMessage(), e);
    }
  }

  private ActivationPlanner planner() {
    return new ActivationPlanner(recipe.parse());
  }
}
