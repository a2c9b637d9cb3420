package dev.tare.engine.pass;

import dev.tare.engine.graph.AttentionResult;
import dev.tare.engine.graph.GraphNode;
import dev.tare.engine.graph.ModelGraph;
import dev.tare.engine.graph.QuantizableNode;
import dev.tare.engine.graph.Topology;
import dev.tare.engine.tensor.Shape;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/**
 * Finds constants that can take the factors of a tensor whose channels are along the last axis: the
 * scale and bias of a LayerNormalization, or of the Mul and Add that end a decomposed one; the
 * columns of a matrix and the bias behind it, also through Relu, one side of a Mul, or attention,
 * of whose values it is linear. A GELU between lets none through.
 */
final class FoldedRoute {

  /** Operators that give f times the result for f times the input, where f is positive. */
  private static final Set<String> HOMOGENEOUS = Set.of("Relu", "LeakyRelu");

  private static final int LONGEST = 12;
  private static final int BIAS = 2;

  private final ModelGraph graph;
  private final Predicate<QuantizableNode> columns;
  private final boolean shifted;
  private final Topology topology;
  private final Map<String, List<GraphNode>> readers;
  private final Map<String, GraphNode> makers;
  private final Map<String, AttentionResult> attention;
  private final Map<String, QuantizableNode> products = new HashMap<>();
  private final Map<String, Long> uses;

  /**
   * @param columns whether scaled columns of a product's weight cost nothing
   * @param shifted whether inputs of products may be shifted, so that their biases change too
   */
  FoldedRoute(ModelGraph graph, Predicate<QuantizableNode> columns, boolean shifted) {
    this.graph = graph;
    this.columns = columns;
    this.shifted = shifted;
    this.topology = graph.topology();
    this.readers = topology.readers();
    this.makers = topology.makers();
    this.attention = graph.attention();
    graph.nodes().forEach(node -> products.put(node.node(), node));
    this.uses =
        graph.nodes().stream()
            .collect(Collectors.groupingBy(QuantizableNode::weight, Collectors.counting()));
  }

  /**
   * A way to the constants.
   *
   * @param nodes names, from the node that computes the tensor to the one at which factors enter
   * @param shifts whether there is a constant on it that takes offsets
   */
  record Found(List<String> nodes, boolean shifts) {

    Found {
      nodes = List.copyOf(nodes);
    }
  }

  /**
   * Finds the way.
   *
   * @param consumers of the tensor, which read it times the factors
   * @param channels their number
   */
  Optional<Found> find(String tensor, List<String> consumers, long channels) {
    return find(new Step(tensor, Set.copyOf(consumers), List.of(), true, false), channels);
  }

  /**
   * A place on the way.
   *
   * @param tensor to be multiplied by the factors
   * @param expected who may read it
   * @param nodes between it and the end
   * @param open whether what is added to it would be added to the end
   * @param shifts whether a constant between takes offsets
   */
  private record Step(
      String tensor, Set<String> expected, List<String> nodes, boolean open, boolean shifts) {

    Step to(String before, GraphNode node, boolean stillOpen, boolean takesOffsets) {
      return new Step(
          before,
          Set.of(node.node()),
          with(node.node()),
          open && stillOpen,
          shifts || (open && takesOffsets));
    }

    Step through(AttentionResult result) {
      List<String> all = new ArrayList<>(nodes);
      all.addAll(result.nodes());
      String last = result.nodes().get(result.nodes().size() - 1);
      return new Step(result.values(), Set.of(last), all, open && result.averages(), shifts);
    }

    Optional<Found> end(GraphNode node, boolean takesOffsets) {
      return Optional.of(new Found(with(node.node()), shifts || (open && takesOffsets)));
    }

    private List<String> with(String node) {
      List<String> all = new ArrayList<>(nodes);
      all.add(node);
      return all;
    }
  }

  private Optional<Found> find(Step at, long channels) {
    GraphNode maker = makers.get(at.tensor());
    if (at.nodes().size() >= LONGEST
        || !only(at.tensor(), at.expected())
        || maker == null
        || maker.outputs().size() != 1) {
      return Optional.empty();
    }
    AttentionResult result = attention.get(at.tensor());
    if (result != null) {
      return result.channels() == channels ? find(at.through(result), channels) : Optional.empty();
    }
    switch (maker.opType()) {
      case "MatMul", "Gemm" -> {
        return product(at, maker, channels);
      }
      case "LayerNormalization" -> {
        boolean biased = !maker.input(BIAS).isEmpty();
        boolean fits =
            each(maker.input(1), channels) && (!biased || each(maker.input(BIAS), channels));
        return fits ? at.end(maker, true) : Optional.empty();
      }
      case "Mul" -> {
        Optional<String> other = other(maker, channels);
        return other.isPresent() ? at.end(maker, false) : side(at, maker, channels);
      }
      case "Add" -> {
        return other(maker, channels)
            .flatMap(before -> find(at.to(before, maker, true, true), channels));
      }
      default -> {
        return HOMOGENEOUS.contains(maker.opType())
            ? find(at.to(maker.input(0), maker, false, false), channels)
            : Optional.empty();
      }
    }
  }

  /** One of two factors that are both computed. */
  private Optional<Found> side(Step at, GraphNode mul, long channels) {
    boolean square = mul.input(0).equals(mul.input(1));
    for (int i = 1; i >= 0 && !square; i--) {
      Optional<Found> found = find(at.to(mul.input(i), mul, false, false), channels);
      if (found.isPresent()) {
        return found;
      }
    }
    return Optional.empty();
  }

  private Optional<Found> product(Step at, GraphNode maker, long channels) {
    QuantizableNode product = products.get(maker.node());
    boolean takes =
        product != null
            && product.inputIndex() == 0
            && product.weightShape().rank() == 2
            && product.weightShape().dim(product.weightAxis()) == channels
            && uses.get(product.weight()) == 1
            && (maker.input(BIAS).isEmpty() || product.bias().isPresent())
            && columns.test(product);
    if (!takes) {
      return Optional.empty();
    }
    // What offsets of the product's own input add to it must be taken from a constant that is
    // scaled too: its bias, or the one that the next node adds and that nobody bypasses.
    List<GraphNode> next = readers.get(at.tensor());
    boolean added =
        next.size() == 1
            && next.get(0).opType().equals("Add")
            && other(next.get(0), channels).isPresent();
    boolean constant = added || (product.bias().isPresent() && !product.use().scaledSum());
    return constant || !shifted ? at.end(maker, false) : Optional.empty();
  }

  /**
   * Whether only these read the values of a tensor, each as one of its operands, others at most its
   * shape.
   */
  private boolean only(String tensor, Set<String> expected) {
    List<GraphNode> all =
        readers.getOrDefault(tensor, List.of()).stream()
            .filter(node -> !node.opType().equals("Shape"))
            .toList();
    return !topology.outputs().contains(tensor)
        && all.size() == expected.size()
        && all.stream()
            .allMatch(
                node ->
                    expected.contains(node.node())
                        && Collections.frequency(node.inputs(), tensor) == 1
                        && !node.captured().contains(tensor));
  }

  /** The computed one of two operands, if the other has a constant for each channel. */
  private Optional<String> other(GraphNode node, long channels) {
    for (int i = 0; i < 2; i++) {
      String computed = node.input(1 - i);
      if (each(node.input(i), channels) && !topology.constants().containsKey(computed)) {
        return Optional.of(computed);
      }
    }
    return Optional.empty();
  }

  private boolean each(String tensor, long channels) {
    String constant = topology.constants().get(tensor);
    return constant != null && graph.constant(constant).shape().equals(Shape.of(channels));
  }
}
