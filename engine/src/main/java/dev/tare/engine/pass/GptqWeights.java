package dev.tare.engine.pass;

import dev.tare.engine.graph.ModelGraph;
import dev.tare.engine.graph.QuantizableNode;
import dev.tare.engine.plan.GptqPlan;
import dev.tare.engine.plan.QuantPlan;
import dev.tare.engine.plan.SmoothedInput;
import dev.tare.engine.plan.TensorPlan;
import dev.tare.engine.recipe.Role;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Finds the weights of a plan that {@link Gptq} can round. */
public final class GptqWeights {

  private static final Set<String> PRODUCTS = Set.of("MatMul", "Gemm");

  private GptqWeights() {}

  /**
   * Returns the quantized matrices that only MatMul and Gemm read, all with one input of which
   * there is a Gram matrix, sorted by name.
   *
   * @param graph the model as the plan's smoothing changes it
   * @param channels number of channels by tensor, of those with a Gram matrix
   */
  public static List<GptqPlan.Weight> of(
      QuantPlan plan, ModelGraph graph, Map<String, Integer> channels) {
    Map<String, List<QuantizableNode>> readers = new HashMap<>();
    for (QuantizableNode node : graph.nodes()) {
      readers.computeIfAbsent(node.weight(), w -> new ArrayList<>()).add(node);
    }
    List<GptqPlan.Weight> weights = new ArrayList<>();
    for (TensorPlan weight : plan.quantized(Role.WEIGHT)) {
      common(readers.getOrDefault(weight.tensor(), List.of()))
          .filter(node -> weight.type().isInteger() && fits(node, plan, channels))
          .ifPresent(
              node ->
                  weights.add(
                      new GptqPlan.Weight(weight.tensor(), node.input(), node.blockAxis())));
    }
    return weights;
  }

  /** One of the products, if all use the weight alike. */
  private static Optional<QuantizableNode> common(List<QuantizableNode> readers) {
    return readers.stream()
        .findFirst()
        .filter(
            first ->
                readers.stream()
                    .allMatch(
                        node ->
                            PRODUCTS.contains(node.opType())
                                && node.inputIndex() == 0
                                && node.weightShape().rank() == 2
                                && node.input().equals(first.input())
                                && node.blockAxis() == first.blockAxis()));
  }

  private static boolean fits(QuantizableNode node, QuantPlan plan, Map<String, Integer> channels) {
    Integer own = channels.get(observed(plan, node.input()));
    return own != null && node.weightShape().dim(node.blockAxis()) == own;
  }

  /** The tensor whose statistics are those of an input, before its factors. */
  public static String observed(QuantPlan plan, String input) {
    return smoothed(plan, input).map(SmoothedInput::tensor).orElse(input);
  }

  /** How a plan smooths a tensor to an input, if it does. */
  public static Optional<SmoothedInput> smoothed(QuantPlan plan, String input) {
    return plan.smoothed().stream().filter(own -> own.result().equals(input)).findFirst();
  }
}
