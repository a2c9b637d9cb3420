package dev.tare.engine.plan;

import dev.tare.engine.graph.ModelGraph;
import dev.tare.engine.graph.QuantizableNode;
import dev.tare.engine.observe.Patches;
import dev.tare.engine.recipe.Mode;
import dev.tare.engine.recipe.Recipe;
import dev.tare.engine.recipe.Role;
import dev.tare.engine.recipe.TensorQuery;
import dev.tare.engine.tensor.Shape;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.function.Function;

/**
 * Products that multiply so little that integers save little time there, while rounding their
 * inputs costs accuracy as everywhere else: those behind a global pooling, of a narrow neck, of an
 * image's three channels.
 *
 * <p>What a product multiplies is estimated from how many values of its input were observed: each
 * position of the input, but for strides, is multiplied by all of the weight. That makes two kinds
 * of products dearer than they are: convolutions with groups, whose strides count as 1, and MatMul
 * with a batch of weights, each of which multiplies its own part of the input. These are cheap less
 * often, and others more often, since the whole of which they may make a share is larger too.
 *
 * @param weight the constant that they multiply by; passes may rename it
 * @param nodes their names, in graph order
 * @param share their multiplications, as a part of those of all static products
 */
public record CheapProducts(String weight, List<String> nodes, double share) {

  public CheapProducts {
    nodes = List.copyOf(nodes);
  }

  /**
   * Returns the cheapest products, by falling cheapness, products of one weight together, as long
   * as all of them make no more than a share of the multiplications of static products. A product
   * whose inputs or mode a rule of the recipe decides is left as that says.
   *
   * @param all what the recipe quantizes
   * @param values how many values of a tensor were observed; empty if it was not
   * @param most the share, 0 to 1
   */
  public static List<CheapProducts> of(
      Recipe recipe,
      Candidates all,
      ModelGraph graph,
      Function<String, OptionalLong> values,
      double most) {
    Map<String, Patches> patches = graph.patches();
    Map<String, Integer> uses = new TreeMap<>();
    all.chosen().forEach(candidate -> uses.merge(candidate.node().weight(), 1, Integer::sum));
    // What stays float with its weight, as a guard may say, is not to get that in integers.
    all.leftFloat().keySet().forEach(node -> uses.merge(node.weight(), 1, Integer::sum));
    Map<String, Double> costs = new TreeMap<>();
    Map<String, List<QuantizableNode>> free = new TreeMap<>();
    double total = 0;
    for (Candidates.Candidate candidate : all.chosen()) {
      QuantizableNode node = candidate.node();
      if (candidate.mode() != Mode.STATIC) {
        continue;
      }
      OptionalLong count = values.apply(node.input());
      double cost =
          count.isPresent()
              ? multiplications(node, count.getAsLong(), patches.get(node.node()))
              : 0;
      total += cost;
      if (cost > 0 && !recipe.states(node)) {
        costs.merge(node.weight(), cost, Double::sum);
        free.computeIfAbsent(node.weight(), w -> new ArrayList<>()).add(node);
      }
    }
    List<CheapProducts> cheap = new ArrayList<>();
    double sum = 0;
    for (String weight : byCost(costs)) {
      sum += costs.get(weight);
      if (sum > most * total) {
        break;
      }
      List<QuantizableNode> nodes = free.get(weight);
      if (nodes.size() == uses.get(weight)) {
        List<String> names = nodes.stream().map(QuantizableNode::node).toList();
        cheap.add(new CheapProducts(weight, names, costs.get(weight) / total));
      }
    }
    return cheap;
  }

  /**
   * The decisions that the inputs of cheap products stay float, sorted by tensor, but for those
   * that other products read in integers.
   *
   * @param candidates with the weights of these products alone; nodes keep the names that they had
   * @param planned the decisions about other tensors
   */
  public static List<TensorPlan> left(
      Recipe recipe, Candidates candidates, List<CheapProducts> cheap, List<TensorPlan> planned) {
    Map<String, CheapProducts> byNode = new HashMap<>();
    cheap.forEach(products -> products.nodes().forEach(node -> byNode.put(node, products)));
    Map<String, List<QuantizableNode>> readers = new TreeMap<>();
    for (QuantizableNode node : candidates.nodes()) {
      if (byNode.containsKey(node.node())) {
        readers.computeIfAbsent(node.input(), tensor -> new ArrayList<>()).add(node);
      }
    }
    planned.stream()
        .filter(plan -> plan.role() == Role.ACTIVATION)
        .forEach(plan -> readers.remove(plan.tensor()));
    List<TensorPlan> left = new ArrayList<>();
    readers.forEach(
        (tensor, nodes) -> {
          List<String> names = nodes.stream().map(QuantizableNode::node).toList();
          TensorQuery query = TensorQuery.ofActivation(tensor, names, nodes.get(0).kinds());
          double share =
              names.stream().map(byNode::get).distinct().mapToDouble(CheapProducts::share).sum();
          left.add(
              TensorPlan.left(
                  query,
                  Optional.empty(),
                  recipe.decide(query),
                  String.format(
                      Locale.ROOT,
                      "%.2f %% of the multiplications of static products read it, and the cheapest"
                          + " %.1f %% read float",
                      100 * share,
                      100 * recipe.floatShare())));
        });
    return left;
  }

  private static List<String> byCost(Map<String, Double> costs) {
    List<String> weights = new ArrayList<>(costs.keySet());
    weights.sort(Comparator.<String>comparingDouble(costs::get).thenComparing(w -> w));
    return weights;
  }

  private static double multiplications(QuantizableNode node, long values, Patches patches) {
    Shape weight = node.weightShape();
    if (node.blockAxis() < 0) {
      return 0;
    }
    long channels = weight.dim(node.blockAxis());
    if (node.weightAxis() == 0) {
      channels *= node.groups();
    }
    double strides = 1;
    if (patches != null) {
      for (int stride : patches.strides()) {
        strides *= stride;
      }
    }
    return (double) values / channels * weight.size() / strides;
  }
}
