package dev.tare.jobs.select;

import dev.tare.engine.plan.ActivationPlanner;
import dev.tare.engine.plan.PlanCodec;
import dev.tare.engine.plan.QuantPlanJson;
import dev.tare.engine.plan.SmoothedInput;
import dev.tare.engine.recipe.TensorQuery;
import dev.tare.engine.statistics.RescaledChannels;
import dev.tare.engine.statistics.TensorStatistics;
import dev.tare.jobs.TareException;
import dev.tare.jobs.model.RecipeText;
import dev.tare.jobs.table.StatisticsTable;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import org.apache.spark.api.java.function.FlatMapGroupsFunction;
import org.apache.spark.sql.Row;

/**
 * Decides about one activation from its rows; tensors that the recipe does not quantize are
 * skipped.
 */
final class SelectActivations implements FlatMapGroupsFunction<String, Row, byte[]> {

  private static final long serialVersionUID = 1L;

  private final RecipeText recipe;
  private final HashMap<String, TensorQuery> queries;
  private final String smoothed;

  private transient Map<String, SmoothedInput> byTensor;

  /**
   * @param queries by name of what is quantized, the result of a smoothed input
   */
  SelectActivations(
      RecipeText recipe, Map<String, TensorQuery> queries, List<SmoothedInput> smoothed) {
    this.recipe = recipe;
    this.queries = new HashMap<>(queries);
    this.smoothed = QuantPlanJson.formatSmoothed(smoothed);
  }

  @Override
  public Iterator<byte[]> call(String tensor, Iterator<Row> rows) {
    if (byTensor == null) {
      byTensor = new HashMap<>();
      QuantPlanJson.parseSmoothed(smoothed).forEach(input -> byTensor.put(input.tensor(), input));
    }
    SmoothedInput input = byTensor.get(tensor);
    if (!queries.containsKey(tensor) && input == null) {
      return List.<byte[]>of().iterator();
    }
    TensorStatistics statistics = StatisticsTable.toTensor(tensor, rows);
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
                        RescaledChannels.of(statistics, input.factors(), input.result()),
                        queries.get(input.result()),
                        () -> RescaledChannels.distributions(statistics, input.factors()))));
      }
      return plans.iterator();
    } catch (IllegalArgumentException e) {
      throw TareException.badInput(e.getMessage(), e);
    }
  }

  private ActivationPlanner planner() {
    return new ActivationPlanner(recipe.parse());
  }
}
