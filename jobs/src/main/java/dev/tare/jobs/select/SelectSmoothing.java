package dev.tare.jobs.select;

import dev.tare.engine.graph.ModelGraph;
import dev.tare.engine.pass.Equalization;
import dev.tare.engine.pass.Smoothing;
import dev.tare.engine.plan.Candidates;
import dev.tare.engine.plan.QuantPlanJson;
import dev.tare.engine.plan.SmoothedInput;
import dev.tare.engine.recipe.Recipe;
import dev.tare.engine.statistics.TensorStatistics;
import dev.tare.jobs.TareException;
import dev.tare.jobs.model.ModelHandle;
import dev.tare.jobs.model.RecipeText;
import dev.tare.jobs.table.StatisticsTable;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.apache.spark.api.java.function.FlatMapGroupsFunction;
import org.apache.spark.sql.Row;

/**
 * Chooses the factors of one input from its rows and the weights that multiply it, by smoothing or
 * by equalization.
 */
final class SelectSmoothing implements FlatMapGroupsFunction<String, Row, String> {

  private static final long serialVersionUID = 1L;

  private final ModelHandle model;
  private final RecipeText recipe;
  private final HashMap<String, String> spoiled;

  private transient ModelGraph graph;
  private transient Groups groups;

  /**
   * @param spoiled operators that stay float, by name, with the reason
   */
  SelectSmoothing(ModelHandle model, RecipeText recipe, Map<String, String> spoiled) {
    this.model = model;
    this.recipe = recipe;
    this.spoiled = new HashMap<>(spoiled);
  }

  /**
   * The inputs whose channels a recipe rescales, by name.
   *
   * @param smoothed none if it asks for no smoothing
   * @param equalized none if it asks for no equalization; without those of {@code smoothed}
   */
  record Groups(Map<String, Smoothing.Group> smoothed, Map<String, Equalization.Group> equalized) {

    static Groups of(RecipeText text, ModelGraph graph, Map<String, String> spoiled) {
      Recipe recipe = text.parse();
      if (recipe.smoothing().isEmpty() && !recipe.equalization()) {
        return new Groups(Map.of(), Map.of());
      }
      Candidates candidates =
          Candidates.of(text.target(), text.placement(), recipe, graph, spoiled);
      Map<String, Smoothing.Group> smoothed =
          recipe.smoothing().isEmpty() ? Map.of() : Smoothing.groups(candidates, graph, recipe);
      Map<String, Equalization.Group> equalized =
          recipe.equalization() ? Equalization.groups(candidates, graph) : new TreeMap<>();
      equalized.keySet().removeAll(smoothed.keySet());
      return new Groups(smoothed, equalized);
    }

    Set<String> tensors() {
      Set<String> tensors = new TreeSet<>(smoothed.keySet());
      tensors.addAll(equalized.keySet());
      return tensors;
    }
  }

  @Override
  public Iterator<String> call(String tensor, Iterator<Row> rows) {
    if (groups == null) {
      graph = model.prepared().graph();
      groups = Groups.of(recipe, graph, spoiled);
    }
    try {
      return factors(StatisticsTable.toTensor(tensor, rows))
          .map(List::of)
          .map(QuantPlanJson::formatSmoothed)
          .stream()
          .iterator();
    } catch (IllegalArgumentException e) {
      throw TareException.badInput(e.getMessage(), e);
    }
  }

  private Optional<SmoothedInput> factors(TensorStatistics statistics) {
    Recipe rules = recipe.parse();
    Smoothing.Group smoothed = groups.smoothed().get(statistics.tensor());
    return smoothed == null
        ? Equalization.equalize(
            groups.equalized().get(statistics.tensor()),
            statistics,
            graph,
            rules.floatAbove(),
            rules.biasCorrection())
        : Smoothing.smooth(
            smoothed, statistics, graph, rules.smoothing().orElseThrow(), rules.floatAbove());
  }
}
