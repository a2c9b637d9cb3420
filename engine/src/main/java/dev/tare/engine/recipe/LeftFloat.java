package dev.tare.engine.recipe;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.TreeMap;

/** Plans that say why the tensors of nodes which a recipe leaves alone stay float. */
public final class LeftFloat {

  private LeftFloat() {}

  /**
   * One entry for every input and weight that only such nodes read.
   *
   * @param all every operator with a constant weight, in graph order
   * @param planned decisions about the others; their tensors get no second entry
   */
  public static List<TensorPlan> of(
      Recipe recipe, Candidates candidates, List<QuantizableNode> all, List<TensorPlan> planned) {
    Map<String, TensorPlan> activations = new TreeMap<>();
    Map<String, TensorPlan> weights = new TreeMap<>();
    for (QuantizableNode node : all) {
      String reason = candidates.leftFloat().get(node.node());
      if (reason != null) {
        put(activations, node.input(), Role.ACTIVATION, node, recipe.activations(), reason);
        put(weights, node.weight(), Role.WEIGHT, node, recipe.weights(), reason);
      }
    }
    for (TensorPlan plan : planned) {
      (plan.role() == Role.ACTIVATION ? activations : weights).remove(plan.tensor());
    }
    List<TensorPlan> plans = new ArrayList<>(activations.values());
    plans.addAll(weights.values());
    return plans;
  }

  private static void put(
      Map<String, TensorPlan> plans,
      String tensor,
      Role role,
      QuantizableNode node,
      TensorRule rule,
      String reason) {
    List<String> consumers = new ArrayList<>();
    if (plans.containsKey(tensor)) {
      consumers.addAll(plans.get(tensor).consumers());
    }
    consumers.add(node.node());
    plans.put(
        tensor,
        new TensorPlan(
            tensor,
            role,
            consumers,
            Optional.of(reason),
            role == Role.WEIGHT ? Optional.of(node.weightShape()) : Optional.empty(),
            rule.type(),
            rule.symmetric(),
            rule.narrowRange(),
            rule.reduceRange(),
            rule.method().name(),
            OptionalInt.empty(),
            List.of()));
  }
}
