package dev.tare.jobs.stage;

import dev.tare.engine.graph.ModelGraph;
import dev.tare.engine.plan.FoundScales;
import dev.tare.engine.plan.PlanCodec;
import dev.tare.engine.plan.WeightPlanner;
import dev.tare.engine.recipe.TensorQuery;
import dev.tare.engine.tensor.Tensor;
import dev.tare.jobs.TareException;
import dev.tare.jobs.model.RecipeText;
import dev.tare.jobs.model.SmoothedHandle;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import org.apache.spark.api.java.function.MapPartitionsFunction;

/** Decides about weights by number, reading their values from the model on this machine. */
final class PlanWeights implements MapPartitionsFunction<Long, byte[]> {

  private static final long serialVersionUID = 1L;

  private final SmoothedHandle model;
  private final RecipeText recipe;
  private final ArrayList<String> names;
  private final HashMap<String, TensorQuery> queries;
  private final HashMap<String, FoundScales> found;

  /**
   * Plans weights, some with scales that another tool has found.
   *
   * @param queries by name; the first name has number 0
   * @param found by name of a tensor; others than weights are not used
   */
  PlanWeights(
      SmoothedHandle model,
      RecipeText recipe,
      SortedMap<String, TensorQuery> queries,
      Map<String, FoundScales> found) {
    this.model = model;
    this.recipe = recipe;
    this.names = new ArrayList<>(queries.keySet());
    this.queries = new HashMap<>(queries);
    this.found = new HashMap<>(found);
  }

  @Override
  public Iterator<byte[]> call(Iterator<Long> numbers) {
    WeightPlanner planner = new WeightPlanner(recipe.parse());
    ModelGraph source = model.prepared().graph();
    List<byte[]> plans = new ArrayList<>();
    while (numbers.hasNext()) {
      String name = names.get(Math.toIntExact(numbers.next()));
      try {
        Tensor weight = source.constant(name);
        TensorQuery query = queries.get(name);
        FoundScales scales = found.get(name);
        plans.add(
            PlanCodec.encode(
                scales == null
                    ? planner.plan(weight, query)
                    : planner.plan(weight, query, scales)));
      } catch (IllegalArgumentException e) {
        throw TareException.badInput(e.getMessage(), e);
      }
    }
    return plans.iterator();
  }
}
