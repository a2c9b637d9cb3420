package dev.tare.jobs.select;

import dev.tare.engine.plan.ActivationPlanner;
import dev.tare.engine.plan.QuantPlanJson;
import dev.tare.engine.recipe.TensorQuery;
import dev.tare.engine.statistics.Statistics;
import dev.tare.engine.statistics.TensorStatistics;
import dev.tare.jobs.TareException;
import dev.tare.jobs.model.RecipeText;
import dev.tare.jobs.table.StatisticsTable;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.TreeMap;
import org.apache.spark.api.java.function.FlatMapGroupsFunction;
import org.apache.spark.sql.Row;

/**
 * Decides about one activation from its rows; tensors that the recipe does not want yield nothing.
 */
final class SelectActivations implements FlatMapGroupsFunction<String, Row, String> {

  private static final long serialVersionUID = 1L;

  private final RecipeText recipe;
  private final HashMap<String, TensorQuery> queries;

  SelectActivations(RecipeText recipe, Map<String, TensorQuery> queries) {
    this.recipe = recipe;
    this.queries = new HashMap<>(queries);
  }

  @Override
  public Iterator<String> call(String tensor, Iterator<Row> rows) {
    if (!queries.containsKey(tensor)) {
      return List.<String>of().iterator();
    }
    TreeMap<Integer, Statistics> byChannel = new TreeMap<>();
    int axis = -1;
    while (rows.hasNext()) {
      Row row = rows.next();
      axis = Math.max(axis, StatisticsTable.axis(row));
      byChannel.put(StatisticsTable.channel(row), StatisticsTable.toStatistics(row));
    }
    Optional<Statistics> whole = Optional.ofNullable(byChannel.remove(-1));
    TensorStatistics statistics =
        new TensorStatistics(
            tensor,
            whole,
            byChannel.isEmpty() ? OptionalInt.empty() : OptionalInt.of(axis),
            List.copyOf(byChannel.values()));
    try {
      return List.of(
              QuantPlanJson.formatTensor(
                  new ActivationPlanner(recipe.parse()).plan(statistics, queries.get(tensor))))
          .iterator();
    } catch (IllegalArgumentException e) {
      throw TareException.badInput(e.getMessage(), e);
    }
  }
}
