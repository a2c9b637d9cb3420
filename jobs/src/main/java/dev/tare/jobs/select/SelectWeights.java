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
import java.util.Map;
import org.apache.spark.api.java.function.MapPartitionsFunction;

/** Decides about weights by name, reading their values from the model on this machine. */
final class SelectWeights implements MapPartitionsFunction<String, byte[]> {

  private static final long serialVersionUID = 1L;

  private final SmoothedHandle model;
  private final RecipeText recipe;
  private final HashMap<String, TensorQuery> queries;

  SelectWeights(SmoothedHandle model, RecipeText recipe, Map<String, TensorQuery> queries) {
    this.model = model;
    this.recipe = recipe;
    this.queries = new HashMap<>(queries);
  }

  @Override
  public Iterator<byte[]> call(Iterator<String> names) {
    WeightPlanner planner = new WeightPlanner(recipe.parse());
    ModelGraph source = model.prepared().graph();
    List<byte[]> plans = new ArrayList<>();
    while (names.hasNext()) {
      String name = names.next();
      try {
        plans.add(PlanCodec.encode(planner.plan(source.constant(name), queries.get(name))));
      } catch (IllegalArgumentException e) {
        throw TareException.badInput(e.getMessage(), e);
      }
    }
    return plans.iterator();
  }
}
