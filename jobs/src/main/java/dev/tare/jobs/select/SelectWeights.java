package dev.tare.jobs.select;

import dev.tare.engine.graph.ModelGraph;
import dev.tare.engine.plan.PlanCodec;
import dev.tare.engine.plan.WeightPlanner;
import dev.tare.engine.recipe.TensorQuery;
import dev.tare.jobs.TareException;
import dev.tare.jobs.model.RecipeText;
import dev.tare.jobs.model.SmoothedHandle;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.SortedMap;
import org.apache.spark.api.java.function.MapPartitionsFunction;

/** Decides about weights by number, reading their values from the model on this machine. */
final class SelectWeights implements MapPartitionsFunction<Long, byte[]> {

  private static final long serialVersionUID = 1L;

  private final SmoothedHandle model;
  private final RecipeText recipe;
  private final ArrayList<String> names;
  private final HashMap<String, TensorQuery> queries;

  /**
   * @param queries by name; the first name has number 0
   */
  SelectWeights(SmoothedHandle model, RecipeText recipe, SortedMap<String, TensorQuery> queries) {
    this.model = model;
    this.recipe = recipe;
    this.names = new ArrayList<>(queries.keySet());
    this.queries = new HashMap<>(queries);
  }

  @Override
  public Iterator<byte[]> call(Iterator<Long> numbers) {
    WeightPlanner planner = new WeightPlanner(recipe.parse());
    ModelGraph source = model.prepared().graph();
    List<byte[]> plans = new ArrayList<>();
    while (numbers.hasNext()) {
      String name = names.get(Math.toIntExact(numbers.next()));
      try {
        plans.add(PlanCodec.encode(planner.plan(source.constant(name), queries.get(name))));
      } catch (IllegalArgumentException e) {
        throw TareException.badInput(e.getMessage(), e);
      }
    }
    return plans.iterator();
  }
}
