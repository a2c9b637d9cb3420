package dev.tare.engine.target;

import dev.tare.engine.graph.GraphNode;
import dev.tare.engine.graph.Topology;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Which operand of a residual sum comes straight from a convolution, with which TensorRT fuses the
 * sum, and which products are gates such as SiLU and GELU, which it fuses as a whole.
 */
final class ResidualSums {

  private static final Set<String> CONVOLUTIONS = Set.of("Conv", "ConvTranspose");

  /** Between a convolution and the sum, at most one each. */
  private static final Set<String> EPILOGUE = Set.of("Relu", "BatchNormalization", "Add", "Mul");

  /** Functions whose product with their argument is one operator to TensorRT. */
  private static final Set<String> GATES = Set.of("Sigmoid", "Erf", "Tanh");

  private final Topology graph;
  private final Map<String, GraphNode> makers;
  private final Map<String, Optional<String>> raw = new HashMap<>();

  ResidualSums(Topology graph) {
    this.graph = graph;
    this.makers = graph.makers();
  }

  /** Whether a sum reads an operand in float. */
  boolean staysRaw(String tensor, GraphNode reader) {
    return reader.opType().equals("Add")
        && raw.computeIfAbsent(reader.node(), node -> rawOperand(reader))
            .equals(Optional.of(tensor));
  }

  private Optional<String> rawOperand(GraphNode sum) {
    GraphNode first = makers.get(sum.input(0));
    GraphNode second = makers.get(sum.input(1));
    if (first == null || second == null || activations(sum).size() != 2) {
      return Optional.empty();
    }
    Optional<GraphNode> one = convolution(first);
    Optional<GraphNode> other = convolution(second);
    if ((one.isEmpty() && other.isEmpty()) || one.equals(other)) {
      return Optional.empty();
    }
    Map<String, Integer> before = distances(first);
    Map<String, Integer> beside = distances(second);
    Optional<String> common = nearest(before, beside);
    if (one.isPresent() && other.isPresent()) {
      // The longer branch is the one that computes; the other one is the shortcut.
      boolean longer = common.filter(node -> before.get(node) > beside.get(node)).isPresent();
      return Optional.of(sum.input(longer ? 0 : 1));
    }
    GraphNode convolution = one.or(() -> other).orElseThrow();
    return common.filter(convolution.node()::equals).isPresent()
        ? Optional.empty()
        : Optional.of(sum.input(one.isPresent() ? 0 : 1));
  }

  /** Returns the convolution that a node ends, with what is fused into it. */
  private Optional<GraphNode> convolution(GraphNode node) {
    GraphNode current = node;
    for (int fused = 0; fused <= EPILOGUE.size(); fused++) {
      if (CONVOLUTIONS.contains(current.opType())) {
        return Optional.of(current);
      }
      List<String> activations = activations(current);
      if (!EPILOGUE.contains(current.opType()) || activations.size() != 1) {
        return Optional.empty();
      }
      current = makers.get(activations.get(0));
      if (current == null) {
        return Optional.empty();
      }
    }
    return Optional.empty();
  }

  /** Whether a product multiplies a tensor by a function of that tensor alone, a gate. */
  boolean isGate(GraphNode product) {
    return product.opType().equals("Mul")
        && product.inputs().size() == 2
        && (gates(product.input(0), product.input(1)) || gates(product.input(1), product.input(0)));
  }

  private boolean gates(String function, String argument) {
    boolean gate = false;
    String tensor = function;
    while (!tensor.equals(argument)) {
      GraphNode maker = makers.get(tensor);
      List<String> activations = maker == null ? List.of() : activations(maker);
      if (activations.size() != 1) {
        return false;
      }
      gate |= GATES.contains(maker.opType());
      tensor = activations.get(0);
    }
    return gate;
  }

  private List<String> activations(GraphNode node) {
    return node.inputs().stream().filter(input -> graph.floats().contains(input)).toList();
  }

  /** Returns how many edges lie between a node and each node before it. */
  private Map<String, Integer> distances(GraphNode from) {
    Map<String, Integer> distances = new LinkedHashMap<>();
    Deque<GraphNode> open = new ArrayDeque<>(List.of(from));
    distances.put(from.node(), 0);
    while (!open.isEmpty()) {
      GraphNode node = open.remove();
      for (String input : node.inputs()) {
        GraphNode maker = makers.get(input);
        if (maker != null
            && distances.putIfAbsent(maker.node(), distances.get(node.node()) + 1) == null) {
          open.add(maker);
        }
      }
    }
    return distances;
  }

  private static Optional<String> nearest(Map<String, Integer> one, Map<String, Integer> other) {
    return one.keySet().stream()
        .filter(other::containsKey)
        .min((a, b) -> Integer.compare(one.get(a) + other.get(a), one.get(b) + other.get(b)));
  }
}
