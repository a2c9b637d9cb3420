package dev.tare.jobs.select;

import dev.tare.engine.graph.ModelGraph;
import dev.tare.engine.graph.QuantizableNode;
import dev.tare.engine.plan.Candidates;
import dev.tare.engine.plan.CheapProducts;
import dev.tare.engine.plan.TensorPlan;
import dev.tare.engine.recipe.Mode;
import dev.tare.engine.recipe.Recipe;
import dev.tare.jobs.model.ModelHandle;
import dev.tare.jobs.model.RecipeText;
import dev.tare.jobs.table.StatisticsStore;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.functions;

/**
 * The recipe with a rule for each product that is so cheap that its input stays float, found by how
 * many values were observed.
 *
 * @param asked without the rules
 * @param recipe with the rules, behind its own
 * @param cheap the products
 */
record FloatInputs(RecipeText asked, RecipeText recipe, List<CheapProducts> cheap) {

  FloatInputs {
    cheap = List.copyOf(cheap);
  }

  /**
   * Finds them; none where the recipe asks for none.
   *
   * @param spoiled operators that stay float with their weights, by name, with the reason
   * @param statistics folder of the statistics table
   */
  static FloatInputs of(
      SparkSession spark,
      ModelHandle model,
      RecipeText recipe,
      Map<String, String> spoiled,
      Path statistics) {
    Recipe parsed = recipe.parse();
    if (parsed.floatShare() == 0) {
      return new FloatInputs(recipe, recipe, List.of());
    }
    ModelGraph graph = model.prepared().graph();
    Candidates all = candidates(recipe, graph, spoiled);
    if (all.activations().isEmpty()) {
      return new FloatInputs(recipe, recipe, List.of());
    }
    Map<String, Long> counts = new HashMap<>();
    StatisticsStore.readChecked(spark, statistics)
        .filter(functions.col("channel").isNull())
        .select("tensor", "count")
        .collectAsList()
        .forEach(row -> counts.put(row.getString(0), row.getLong(1)));
    List<CheapProducts> cheap =
        CheapProducts.of(
            parsed,
            all,
            graph,
            tensor -> {
              Long count = counts.get(tensor);
              return count == null ? OptionalLong.empty() : OptionalLong.of(count);
            },
            parsed.floatShare());
    return possible(recipe, graph, cheap.stream().filter(FloatInputs::named).toList());
  }

  /** Whether a rule can name the weight: it would match others too by a name that is a pattern. */
  private static boolean named(CheapProducts product) {
    return product.weight().indexOf('*') < 0 && product.weight().indexOf('?') < 0;
  }

  /** Without those of which the target cannot quantize the weight alone. */
  private static FloatInputs possible(
      RecipeText asked, ModelGraph graph, List<CheapProducts> cheap) {
    FloatInputs ruled = new FloatInputs(asked, asked, cheap).in(graph);
    Set<String> quantized =
        candidates(ruled.recipe(), graph, Map.of()).chosen().stream()
            .filter(candidate -> candidate.mode() == Mode.WEIGHT_ONLY)
            .map(candidate -> candidate.node().node())
            .collect(Collectors.toSet());
    List<CheapProducts> possible =
        cheap.stream().filter(product -> quantized.containsAll(product.nodes())).toList();
    return possible.equals(cheap) ? ruled : possible(asked, graph, possible);
  }

  /**
   * The same of a graph in which weights have other names, as those that equalization changes have.
   * Rules name weights: the name of a node may be that of a tensor which others read.
   */
  FloatInputs in(ModelGraph graph) {
    Set<String> nodes =
        cheap.stream().flatMap(product -> product.nodes().stream()).collect(Collectors.toSet());
    Set<String> weights =
        graph.nodes().stream()
            .filter(node -> nodes.contains(node.node()))
            .map(QuantizableNode::weight)
            .collect(Collectors.toCollection(TreeSet::new));
    List<Map<String, Object>> rules =
        weights.stream()
            .map(weight -> Map.<String, Object>of("tensors", weight, "mode", "weight-only"))
            .toList();
    return rules.isEmpty() ? this : new FloatInputs(asked, asked.withRules(rules), cheap);
  }

  private static Candidates candidates(
      RecipeText recipe, ModelGraph graph, Map<String, String> spoiled) {
    return Candidates.of(recipe.target(), recipe.placement(), recipe.parse(), graph, spoiled);
  }

  /** The decisions that the inputs of these products stay float, but those that others read. */
  List<TensorPlan> left(Candidates candidates, List<TensorPlan> planned) {
    return CheapProducts.left(recipe.parse(), candidates, cheap, planned);
  }
}
