package dev.tare.engine.plan;

import dev.tare.engine.graph.QuantizableNode;
import dev.tare.engine.recipe.Format;
import dev.tare.engine.recipe.Recipe;
import dev.tare.engine.recipe.Role;
import dev.tare.engine.recipe.TensorQuery;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** Plans with the reason why the tensors of nodes that a recipe does not quantize stay float. */
public final class LeftFloat {

  private LeftFloat() {}

  /**
   * Returns an entry for every input that only such nodes read, and for every weight and reason.
   *
   * @param planned decisions about the others; their inputs get no second entry, but a weight does
   *     if others read it quantized
   */
  public static List<TensorPlan> of(
      Recipe recipe, Candidates candidates, List<TensorPlan> planned) {
    Map<String, TensorPlan> activations = new TreeMap<>();
    Weights weights = new Weights(recipe);
    candidates
        .leftFloat()
        .forEach(
            (node, reason) -> {
              if (recipe.activations().isPresent() && !node.takesRows()) {
                put(activations, node, recipe, reason);
              }
              weights.add(node, reason);
            });
    candidates
        .placed()
        .left()
        .forEach(
            (tensor, left) -> {
              TensorPlan plan =
                  TensorPlan.left(
                      left.query(), Optional.empty(), recipe.decide(left.query()), left.reason());
              if (plan.role() == Role.ACTIVATION) {
                activations.put(tensor, plan);
              } else {
                weights.only(plan);
              }
            });
    for (TensorPlan plan : planned) {
      if (plan.role() == Role.ACTIVATION) {
        activations.remove(plan.tensor());
      } else if (!plan.quantized()) {
        weights.drop(plan.tensor());
      }
    }
    List<TensorPlan> plans = new ArrayList<>(activations.values());
    plans.addAll(weights.plans());
    return plans;
  }

  private static void put(
      Map<String, TensorPlan> plans, QuantizableNode node, Recipe recipe, String reason) {
    String tensor = node.input();
    List<String> consumers = new ArrayList<>();
    if (plans.containsKey(tensor)) {
      consumers.addAll(plans.get(tensor).consumers());
    }
    consumers.add(node.node());
    TensorQuery query =
        new TensorQuery(tensor, Role.ACTIVATION, consumers, node.kinds(), Format.QDQ, -1, -1);
    plans.put(tensor, TensorPlan.left(query, Optional.empty(), recipe.decide(query), reason));
  }

  /** Entries of weights, by name and reason. */
  private static final class Weights {
    private final Recipe recipe;
    private final Map<String, Map<String, TensorPlan>> byReason = new TreeMap<>();

    Weights(Recipe recipe) {
      this.recipe = recipe;
    }

    void add(QuantizableNode node, String reason) {
      Map<String, TensorPlan> plans =
          byReason.computeIfAbsent(node.weight(), k -> new LinkedHashMap<>());
      List<String> consumers = new ArrayList<>();
      if (plans.containsKey(reason)) {
        consumers.addAll(plans.get(reason).consumers());
      }
      consumers.add(node.node());
      TensorQuery query =
          new TensorQuery(node.weight(), Role.WEIGHT, consumers, node.kinds(), Format.QDQ, -1, -1);
      plans.put(
          reason,
          TensorPlan.left(query, Optional.of(node.weightShape()), recipe.decide(query), reason));
    }

    void only(TensorPlan plan) {
      byReason.put(plan.tensor(), Map.of(plan.floatReason().orElseThrow(), plan));
    }

    void drop(String tensor) {
      byReason.remove(tensor);
    }

    List<TensorPlan> plans() {
      return byReason.values().stream().flatMap(plans -> plans.values().stream()).toList();
    }
  }
}
