package dev.tare.jobs.select;

import dev.tare.engine.graph.ModelGraph;
import dev.tare.engine.graph.QuantizableNode;
import dev.tare.engine.histogram.Distribution;
import dev.tare.engine.plan.AmplifiedNoise;
import dev.tare.engine.plan.Candidates;
import dev.tare.engine.plan.JoinedInput;
import dev.tare.engine.plan.PartScales;
import dev.tare.engine.plan.SharedScale;
import dev.tare.engine.recipe.Placement;
import dev.tare.engine.recipe.Recipe;
import dev.tare.engine.statistics.Statistics;
import dev.tare.engine.statistics.TensorStatistics;
import dev.tare.jobs.TareException;
import dev.tare.jobs.model.ModelHandle;
import dev.tare.jobs.model.RecipeText;
import dev.tare.jobs.table.StatisticsStore;
import dev.tare.jobs.table.StatisticsTable;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;
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
 * Finds in statistics what quantization would spoil: noise that an operator amplifies, results made
 * of small channels beside large ones, and small parts that share the scale of larger ones.
 */
final class SelectSpoiled implements FlatMapGroupsFunction<String, Row, Row> {

  private static final long serialVersionUID = 1L;

  private static final StructType SCHEMA =
      new StructType()
          .add("node", DataTypes.StringType, false)
          .add("reason", DataTypes.StringType, false);

  private final ModelHandle model;
  private final RecipeText recipe;

  private transient ModelGraph graph;
  private transient Map<String, List<QuantizableNode>> products;

  /**
   * What stays float, by name, with the reason.
   *
   * @param operators unless their weights alone are quantized
   * @param tensors for all that read them
   */
  record Found(Map<String, String> operators, Map<String, String> tensors) {}

  private SelectSpoiled(ModelHandle model, RecipeText recipe) {
    this.model = model;
    this.recipe = recipe;
  }

  /** Whether a recipe looks for anything in the statistics of a model. */
  static boolean reads(RecipeText recipe, ModelGraph graph) {
    if (!recipe.parse().guard()) {
      return false;
    }
    Candidates unguarded = unguarded(recipe, recipe.parse(), graph);
    return !AmplifiedNoise.decisive(graph).isEmpty()
        || !JoinedInput.products(graph, unguarded).isEmpty()
        || !SharedScale.decisive(graph, unguarded).isEmpty();
  }

  /**
   * Finds it; from the graph alone where the recipe reads no statistics.
   *
   * @throws TareException (bad input) if the statistics lack what the recipe's method needs
   */
  static Found of(SparkSession spark, ModelHandle model, RecipeText recipeText, Path statistics) {
    Recipe recipe = recipeText.parse();
    ModelGraph graph = model.prepared().graph();
    if (!recipe.guard()) {
      return new Found(Map.of(), Map.of());
    }
    Candidates unguarded = unguarded(recipeText, recipe, graph);
    if (unguarded.activations().isEmpty()) {
      return new Found(AmplifiedNoise.suspected(graph), Map.of());
    }
    Set<String> decisive = new TreeSet<>(AmplifiedNoise.decisive(graph));
    decisive.addAll(SharedScale.decisive(graph, unguarded));
    Map<String, List<QuantizableNode>> joined = JoinedInput.products(graph, unguarded);
    PartScales scales = PartScales.of(graph, joined.keySet());
    decisive.addAll(scales.decisive());
    Set<String> across = JoinedInput.across(graph, joined);
    decisive.addAll(across);
    try {
      Function<String, Optional<Statistics>> values = values(spark, statistics, decisive);
      Map<String, String> unlike = scales.unlike(values);
      Map<String, List<QuantizableNode>> apart = new TreeMap<>(joined);
      apart.keySet().retainAll(across);
      joined.keySet().removeAll(across);
      joined.keySet().retainAll(unlike.keySet());
      Map<String, String> parts = new HashMap<>();
      joined.forEach(
          (input, products) -> products.forEach(p -> parts.put(p.node(), unlike.get(input))));
      Map<String, String> operators = new HashMap<>();
      if (!joined.isEmpty()) {
        Dataset<Row> rows =
            StatisticsStore.readChecked(spark, statistics)
                .filter(functions.col("tensor").isin(joined.keySet().toArray()));
        StatisticsStore.groupedBy(functions.col("tensor"), rows)
            .flatMapGroups(new SelectSpoiled(model, recipeText), Encoders.row(SCHEMA))
            .collectAsList()
            .forEach(
                row ->
                    operators.put(
                        row.getString(0), row.getString(1) + "; " + parts.get(row.getString(0))));
      }
      Map<String, List<Distribution>> read = new HashMap<>();
      Function<String, List<Distribution>> channels =
          tensor -> read.computeIfAbsent(tensor, own -> channels(spark, statistics, own));
      operators.putAll(JoinedInput.found(graph, recipe, apart, values, channels));
      operators.putAll(
          AmplifiedNoise.found(
              graph,
              recipe,
              unguarded,
              t -> values.apply(t).map(Statistics::distribution),
              channels));
      return new Found(operators, tensors(recipeText, recipe, graph, operators, values, channels));
    } catch (IllegalArgumentException e) {
      throw TareException.badInput(e.getMessage(), e);
    }
  }

  /** Where a tensor stays float, one that it was moved into gets a scale of its own: look again. */
  private static Map<String, String> tensors(
      RecipeText text,
      Recipe recipe,
      ModelGraph graph,
      Map<String, String> operators,
      Function<String, Optional<Statistics>> values,
      Function<String, List<Distribution>> channels) {
    Map<String, String> tensors = new TreeMap<>();
    boolean more = recipe.placement() == Placement.ALL_SUPPORTED;
    while (more) {
      Recipe known = recipe.withSpoiled(tensors);
      Candidates left = Candidates.of(text.target(), text.placement(), known, graph, operators);
      Map<String, String> found = SharedScale.found(graph, known, left, values, channels);
      more = !tensors.keySet().containsAll(found.keySet());
      found.forEach(tensors::putIfAbsent);
    }
    return tensors;
  }

  private static Candidates unguarded(RecipeText text, Recipe recipe, ModelGraph graph) {
    return Candidates.of(text.target(), text.placement(), recipe, graph, Map.of());
  }

  private static Function<String, Optional<Statistics>> values(
      SparkSession spark, Path statistics, Set<String> tensors) {
    Map<String, Statistics> values = new HashMap<>();
    if (!tensors.isEmpty()) {
      StatisticsStore.readChecked(spark, statistics)
          .filter(functions.col("channel").isNull())
          .filter(functions.col("tensor").isin(tensors.toArray()))
          .collectAsList()
          .forEach(row -> values.put(row.getAs("tensor"), StatisticsTable.toStatistics(row)));
    }
    return tensor -> Optional.ofNullable(values.get(tensor));
  }

  /** Of one tensor; few are asked for. */
  private static List<Distribution> channels(SparkSession spark, Path statistics, String tensor) {
    Dataset<Row> rows =
        StatisticsStore.readChecked(spark, statistics)
            .filter(functions.col("tensor").equalTo(tensor))
            .filter(functions.col("channel").isNotNull());
    return StatisticsTable.toTensor(tensor, rows.collectAsList().iterator()).channels().stream()
        .map(Statistics::distribution)
        .toList();
  }

  @Override
  public Iterator<Row> call(String tensor, Iterator<Row> rows) {
    Recipe rules = recipe.parse();
    if (products == null) {
      graph = model.prepared().graph();
      products = JoinedInput.products(graph, unguarded(recipe, rules, graph));
    }
    TensorStatistics statistics = StatisticsTable.toTensor(tensor, rows);
    List<Row> spoiled = new ArrayList<>();
    for (QuantizableNode product : products.getOrDefault(tensor, List.of())) {
      JoinedInput.against(product, rules, statistics, graph)
          .ifPresent(reason -> spoiled.add(RowFactory.create(product.node(), reason)));
    }
    return spoiled.iterator();
  }
}
