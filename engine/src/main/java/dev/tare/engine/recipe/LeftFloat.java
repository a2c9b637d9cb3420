package dev.tare.engine.recipe;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** Plans that say why the tensors of nodes which a recipe leaves alone stay float. */
public final class LeftFloat {

  private LeftFloat() {}

  /**
   * One entry for every input and weight that only such nodes read.
   *
   * @param planned decisions about the others; their tensors get no second entry
   */
  public static List<TensorPlan> of(
      Recipe recipe, Candidates candidates, List<TensorPlan> planned) {
    Map<String, TensorPlan> activations = new TreeMap<>();
    Map<String, TensorPlan> weights = new TreeMap<>();
    candidates
        .leftFloat()
        .forEach(
            (node, reason) -> {
              if (recipe.activations().isPresent() && !node.takesRows()) {
                put(activations, node.input(), Role.ACTIVATION, node, recipe, reason);
              }
              put(weights, node.weight(), Role.WEIGHT, node, recipe, reason);
            });
    candidates
        .placed()
        .left()
        .forEach(
            (tensor, left) ->
                (left.query().role() == Role.ACTIVATION ? activations : weights)
                    .put(
                        tensor,
                        TensorPlan.left(
                            left.query(),
                            Optional.empty(),
                            recipe.decide(left.query()),
                            left.reason())));
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
      Recipe recipe,
      String reason) {
    List<String> consumers = new ArrayList<>();
    if (plans.containsKey(tensor)) {
      consumers.addAll(plans.get(tensor).consumers());
    }
    consumers.add(node.node());
    TensorQuery query = new TensorQuery(tensor, role, consumers, node.kinds(), Format.QDQ, -1, -1);
    plans.put(
        tensor,
        TensorPlan.left(
            query,
            role == Role.WEIGHT ? Optional.of(node.weightShape()) : Optional.empty(),
            recipe.decide(query),
            reason));
  }
}
