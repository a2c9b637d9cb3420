package dev.tare.jobs.select;

import dev.tare.engine.graph.ModelGraph;
import dev.tare.engine.pass.Smoothing;
import dev.tare.engine.plan.Candidates;
import dev.tare.engine.plan.QuantPlanJson;
import dev.tare.engine.recipe.Recipe;
import dev.tare.jobs.TareException;
import dev.tare.jobs.model.ModelHandle;
import dev.tare.jobs.model.RecipeText;
import dev.tare.jobs.table.StatisticsTable;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import org.apache.spark.api.java.function.FlatMapGroupsFunction;
import org.apache.spark.sql.Row;

/** Chooses the factors of one input from its rows and the weights that multiply it. */
final class SelectSmoothing implements FlatMapGroupsFunction<String, Row, String> {

  private static final long serialVersionUID = 1L;

  private final ModelHandle model;
  private final RecipeText recipe;

  private transient ModelGraph graph;
  private transient Map<String, Smoothing.Group> groups;

  SelectSmoothing(ModelHandle model, RecipeText recipe) {
    this.model = model;
    this.recipe = recipe;
  }

  /** The inputs that a recipe smooths, by name; none if it asks for no smoothing. */
  static Map<String, Smoothing.Group> groups(RecipeText recipeText, ModelGraph graph) {
    Recipe recipe = recipeText.parse();
    return recipe.smoothing().isEmpty()
        ? Map.of()
        : Smoothing.groups(
            Candidates.of(recipeText.target(), recipeText.placement(), recipe, graph), graph);
  }

  @Override
  public Iterator<String> call(String tensor, Iterator<Row> rows) {
    if (groups == null) {
      graph = model.prepared().graph();
      groups = groups(recipe, graph);
    }
    Recipe rules = recipe.parse();
    try {
      return Smoothing.smooth(
              groups.get(tensor),
              StatisticsTable.toTensor(tensor, rows),
              graph,
              rules.smoothing().orElseThrow(),
              rules.floatAbove())
          .map(List::of)
          .map(QuantPlanJson::formatSmoothed)
          .stream()
          .iterator();
    } catch (IllegalArgumentException e) {
      throw TareException.badInput(e.getMessage(), e);
    }
  }
}
