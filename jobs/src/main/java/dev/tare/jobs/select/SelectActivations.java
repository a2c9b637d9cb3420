package dev.tare.jobs.select;

import dev.tare.engine.plan.ActivationPlanner;
import dev.tare.engine.plan.PlanCodec;
import dev.tare.engine.recipe.TensorQuery;
import dev.tare.engine.statistics.TensorStatistics;
import dev.tare.jobs.TareException;
import dev.tare.jobs.model.RecipeText;
import dev.tare.jobs.table.StatisticsTable;
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

  SelectActivations(RecipeText recipe, Map<String, TensorQuery> queries) {
    this.recipe = recipe;
    this.queries = new HashMap<>(queries);
  }

  @Override
  public Iterator<byte[]> call(String tensor, Iterator<Row> rows) {
    if (!queries.containsKey(tensor)) {
      return List.<byte[]>of().iterator();
    }
    TensorStatistics statistics = StatisticsTable.toTensor(tensor, rows);
    try {
      return List.of(
              PlanCodec.encode(
                  new ActivationPlanner(recipe.parse()).plan(statistics, queries.get(tensor))))
          .iterator();
    } catch (IllegalArgumentException e) {
      throw TareException.badInput(e.getMessage(), e);
    }
  }
}
