package dev.tare.engine.plan;

import dev.tare.engine.graph.QuantizableNode;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Which nodes read tensors quantized, and why others do not. Not thread-safe. */
final class Readers {

  private final Map<String, List<String>> readers = new HashMap<>();
  private final Map<String, Map<String, List<String>>> refused = new HashMap<>();

  void add(String tensor, QuantizableNode node) {
    readers.computeIfAbsent(tensor, k -> new ArrayList<>()).add(node.node());
  }

  void refuse(String tensor, QuantizableNode node, String reason) {
    refused
        .computeIfAbsent(tensor, k -> new LinkedHashMap<>())
        .computeIfAbsent(reason, k -> new ArrayList<>())
        .add(node.node());
  }

  /**
   * Returns the plan for the nodes that read the tensor quantized; it stays float if there are
   * none.
   */
  TensorPlan apply(TensorPlan plan) {
    if (!plan.quantized()) {
      return plan;
    }
    List<String> consumers = readers.get(plan.tensor());
    return consumers != null
        ? plan.with(consumers)
        : plan.left(
            reasons(plan).keySet().stream()
                .findFirst()
                .orElse("no operator would read it quantized"));
  }

  /**
   * Returns the plan for all readers except the refused ones: with a quantized input the runtime
   * would quantize their weights and biases by its own rules.
   */
  TensorPlan without(TensorPlan plan) {
    Map<String, List<String>> reasons = reasons(plan);
    if (!plan.quantized() || reasons.isEmpty()) {
      return plan;
    }
    List<String> rest = new ArrayList<>(plan.consumers());
    reasons.values().forEach(rest::removeAll);
    return rest.isEmpty() ? plan.left(reasons.keySet().iterator().next()) : plan.with(rest);
  }

  /** Returns an entry for each reason why some nodes read in float what others read quantized. */
  List<TensorPlan> refused(TensorPlan plan) {
    List<TensorPlan> left = new ArrayList<>();
    if (plan.quantized() && readers.containsKey(plan.tensor())) {
      reasons(plan).forEach((reason, nodes) -> left.add(plan.with(nodes).left(reason)));
    }
    return left;
  }

  private Map<String, List<String>> reasons(TensorPlan plan) {
    return refused.getOrDefault(plan.tensor(), Map.of());
  }
}
