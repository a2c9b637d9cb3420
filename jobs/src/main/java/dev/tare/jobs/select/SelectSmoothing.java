package dev.tare.jobs.select;

import dev.tare.engine.graph.ModelGraph;
import dev.tare.engine.pass.Equalization;
import dev.tare.engine.pass.Smoothing;
import dev.tare.engine.plan.ActivationPlanner;
import dev.tare.engine.plan.Candidates;
import dev.tare.engine.plan.QuantPlanJson;
import dev.tare.engine.plan.SmoothedInput;
import dev.tare.engine.plan.TensorPlan;
import dev.tare.engine.recipe.Recipe;
import dev.tare.engine.statistics.TensorStatistics;
import dev.tare.jobs.TareException;
import dev.tare.jobs.model.ModelHandle;
import dev.tare.jobs.model.RecipeText;
import dev.tare.jobs.table.StatisticsStore;
import dev.tare.jobs.table.StatisticsTable;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.apache.hadoop.fs.Path;
import org.apache.spark.api.java.function.FlatMapGroupsFunction;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.functions;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/**
 * Chooses the factors of one input from its rows and the weights that multiply it, by smoothing or
 * by equalization.
 */
final class SelectSmoothing implements FlatMapGroupsFunction<String, Row, Row> {

  private static final long serialVersionUID = 1L;

  private static final StructType SCHEMA =
      new StructType()
          .add("tensor", DataTypes.StringType, false)
          .add("smoothed", DataTypes.StringType, true)
          .add("refused", DataTypes.StringType, true);

  private final ModelHandle model;
  private final RecipeText recipe;
  private final HashMap<String, String> spoiled;

  private transient ModelGraph graph;
  private transient Groups groups;

  /**
   * What was found for all inputs.
   *
   * @param smoothed the inputs to smooth and their factors, sorted by name
   * @param refused why inputs were not equalized after all, by name
   */
  record Found(List<SmoothedInput> smoothed, Map<String, String> refused) {

    /** The plans of activations, with why their channels were not equalized. */
    List<TensorPlan> explained(List<TensorPlan> activations) {
      return activations.stream()
          .map(
              plan ->
                  refused.containsKey(plan.tensor())
                      ? plan.decidedAlso(ActivationPlanner.UNEQUALIZED + refused.get(plan.tensor()))
                      : plan)
          .toList();
    }
  }

  /**
   * @param spoiled operators that stay float, by name, with the reason
   */
  private SelectSmoothing(ModelHandle model, RecipeText recipe, Map<String, String> spoiled) {
    this.model = model;
    this.recipe = recipe;
    this.spoiled = new HashMap<>(spoiled);
  }

  /** Chooses the factors of all inputs that a recipe rescales, on executors. */
  static Found of(
      SparkSession spark,
      ModelHandle model,
      RecipeText recipe,
      Map<String, String> spoiled,
      Path statistics) {
    Set<String> tensors = Groups.of(recipe, model.prepared().graph(), spoiled).tensors();
    if (tensors.isEmpty()) {
      return new Found(List.of(), Map.of());
    }
    Dataset<Row> rows =
        StatisticsStore.readChecked(spark, statistics)
            .filter(functions.col("tensor").isin(tensors.toArray()));
    List<SmoothedInput> smoothed = new ArrayList<>();
    Map<String, String> refused = new TreeMap<>();
    for (Row row :
        StatisticsStore.groupedBy(functions.col("tensor"), rows)
            .flatMapGroups(new SelectSmoothing(model, recipe, spoiled), Encoders.row(SCHEMA))
            .collectAsList()) {
      if (row.isNullAt(1)) {
        refused.put(row.getString(0), row.getString(2));
      } else {
        smoothed.addAll(QuantPlanJson.parseSmoothed(row.getString(1)));
      }
    }
    smoothed.sort(Comparator.comparing(SmoothedInput::tensor));
    return new Found(List.copyOf(smoothed), refused);
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
  public Iterator<Row> call(String tensor, Iterator<Row> rows) {
    if (groups == null) {
      graph = model.prepared().graph();
      groups = Groups.of(recipe, graph, spoiled);
    }
    try {
      Equalization.Choice choice = chosen(StatisticsTable.toTensor(tensor, rows));
      return choice.factors().isEmpty() && choice.refused().isEmpty()
          ? List.<Row>of().iterator()
          : List.of(
                  RowFactory.create(
                      tensor,
                      choice
                          .factors()
                          .map(List::of)
                          .map(QuantPlanJson::formatSmoothed)
                          .orElse(null),
                      choice.refused().orElse(null)))
              .iterator();
    } catch (IllegalArgumentException e) {
      throw TareException.badInput(e.getMessage(), e);
    }
  }

  private Equalization.Choice chosen(TensorStatistics statistics) {
    Recipe rules = recipe.parse();
    Smoothing.Group smoothed = groups.smoothed().get(statistics.tensor());
    return smoothed == null
        ? Equalization.equalize(
            groups.equalized().get(statistics.tensor()), statistics, graph, rules)
        : new Equalization.Choice(
            Smoothing.smooth(
                smoothed, statistics, graph, rules.smoothing().orElseThrow(), rules.floatAbove()),
            Optional.empty());
  }
}
