package dev.tare.engine.pass;

import dev.tare.engine.graph.GraphNode;
import dev.tare.engine.graph.ModelGraph;
import dev.tare.engine.graph.QuantizableNode;
import dev.tare.engine.graph.Topology;
import dev.tare.engine.tensor.Shape;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Finds where factors of the channels of a convolution's input can enter before it at no cost: in
 * the weights of a Conv, in a Mul by a constant, in a constant gate of an Add on the way there, or
 * in the small gate of a squeeze-and-excitation.
 */
final class FactorRoute {

  private static final String POOL = "GlobalAveragePool";

  private static final Set<String> HOMOGENEOUS =
      Set.of("Relu", "LeakyRelu", "MaxPool", "AveragePool", POOL);

  /** What may be between a pooled value and the gate made of it. */
  private static final Set<String> OF_GATES =
      Set.of("Conv", "Relu", "HardSigmoid", "Sigmoid", "Clip", "HardSwish", "Softmax");

  private static final int LONGEST = 8;

  private final ModelGraph graph;
  private final Topology topology;
  private final Map<String, List<GraphNode>> readers;
  private final Map<String, GraphNode> makers;
  private final Map<String, QuantizableNode> products = new HashMap<>();

  FactorRoute(ModelGraph graph) {
    this.graph = graph;
    this.topology = graph.topology();
    this.readers = topology.readers();
    this.makers = topology.makers();
    graph.nodes().forEach(node -> products.put(node.node(), node));
  }

  /**
   * Returns the names of the nodes from the one that computes a tensor to the one at which factors
   * enter; none for averages of channels, which a Mul may as well multiply; empty if there is no
   * such way.
   *
   * @param consumers of the tensor, which read it times the factors
   * @param rank of the tensor, whose channels are along axis 1
   * @param channels their number
   */
  Optional<List<String>> find(String tensor, List<String> consumers, int rank, long channels) {
    Optional<List<String>> route = route(tensor, consumers, rank, channels);
    GraphNode maker = makers.get(tensor);
    return route.isEmpty() && maker != null && maker.opType().equals(POOL)
        ? Optional.of(List.of())
        : route;
  }

  private Optional<List<String>> route(
      String tensor, List<String> consumers, int rank, long channels) {
    List<String> route = new ArrayList<>();
    Set<String> expected = Set.copyOf(consumers);
    String at = tensor;
    while (route.size() < LONGEST && only(at, expected)) {
      GraphNode maker = makers.get(at);
      if (maker == null || maker.outputs().size() != 1) {
        return Optional.empty();
      }
      route.add(maker.node());
      Optional<String> next = Optional.empty();
      switch (maker.opType()) {
        case "Conv" -> {
          return takes(maker, channels) ? Optional.of(route) : Optional.empty();
        }
        case "Mul" -> {
          if (other(maker, rank, channels).isPresent()) {
            return Optional.of(route);
          }
          Optional<String> gate = gate(maker);
          gate.ifPresent(made -> route.add(made));
          return gate.map(made -> route);
        }
        case "Add" -> next = other(maker, rank, channels);
        default -> {
          if (HOMOGENEOUS.contains(maker.opType())) {
            next = Optional.of(maker.input(0));
          }
        }
      }
      if (next.isEmpty()) {
        return Optional.empty();
      }
      expected = Set.of(maker.node());
      at = next.get();
    }
    return Optional.empty();
  }

  private boolean only(String tensor, Set<String> expected) {
    List<GraphNode> all = readers.getOrDefault(tensor, List.of());
    return !topology.outputs().contains(tensor)
        && all.size() == expected.size()
        && all.stream()
            .allMatch(node -> expected.contains(node.node()) && !node.captured().contains(tensor));
  }

  /** Whether the results of a Conv can be scaled by its constants. */
  private boolean takes(GraphNode conv, long channels) {
    QuantizableNode product = products.get(conv.node());
    return product != null
        && product.weightShape().dim(0) == channels
        && (conv.input(2).isEmpty() || product.bias().isPresent());
  }

  /** The computed one of two operands, if the other is a constant of the channels. */
  private Optional<String> other(GraphNode node, int rank, long channels) {
    for (int i = 0; i < 2; i++) {
      String constant = topology.constants().get(node.input(i));
      if (constant != null && !topology.constants().containsKey(node.input(1 - i))) {
        Shape shape = graph.constant(constant).shape();
        int axis = shape.rank() - rank + 1;
        boolean each = axis >= 0 && shape.size() == channels && shape.dim(axis) == channels;
        return shape.rank() <= rank && (shape.size() == 1 || each)
            ? Optional.of(node.input(1 - i))
            : Optional.empty();
      }
    }
    return Optional.empty();
  }

  /** The node that computes one of two factors from averages of whole channels. */
  private Optional<String> gate(GraphNode mul) {
    for (int i = 1; i >= 0; i--) {
      GraphNode maker = makers.get(mul.input(i));
      boolean another = !mul.input(i).equals(mul.input(1 - i));
      GraphNode at = maker;
      for (int n = 0; n < LONGEST && at != null && another; n++) {
        if (at.opType().equals(POOL)) {
          boolean entered =
              !maker.opType().equals("Conv") || only(mul.input(i), Set.of(mul.node()));
          return entered && maker.outputs().size() == 1
              ? Optional.of(maker.node())
              : Optional.empty();
        }
        at = OF_GATES.contains(at.opType()) ? makers.get(at.input(0)) : null;
      }
    }
    return Optional.empty();
  }
}
