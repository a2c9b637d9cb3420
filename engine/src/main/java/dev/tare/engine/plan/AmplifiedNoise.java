package dev.tare.engine.plan;

import dev.tare.engine.graph.GraphNode;
import dev.tare.engine.graph.ModelGraph;
import dev.tare.engine.graph.QuantizableNode;
import dev.tare.engine.graph.Topology;
import java.nio.FloatBuffer;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Products whose results meet a logarithm or are divided by. Quantizing what such a product reads
 * adds the same noise to small results as to large ones; a logarithm and a division make it as
 * large as the result is small, so the filters of a spectrum that are nearly silent are lost.
 *
 * <p>The way back from the logarithm leads through operators that keep a small value small:
 * elementwise ones, reshaping, sums and filters. It ends where values cannot be small any more (the
 * sum with a constant of at least {@value #FLOOR}, as in {@code log(1 + x)}), where only their
 * differences count (Exp, Softmax, Sigmoid and whatever else is not named), for a division also at
 * a sum over an axis, and at the first product; beyond it only to one of whose results a square or
 * a magnitude was made in between, as a filter bank's input is made of a spectrum.
 */
final class AmplifiedNoise {

  private static final double FLOOR = 0x1p-7;

  private static final Set<String> FIRST_INPUT =
      Set.of(
          "Identity",
          "Cast",
          "Reshape",
          "Flatten",
          "Transpose",
          "Squeeze",
          "Unsqueeze",
          "Slice",
          "Gather",
          "Split",
          "Pad",
          "Relu",
          "LeakyRelu",
          "Neg",
          "Clip",
          "Div",
          "AveragePool",
          "MaxPool");
  private static final Set<String> ALL_INPUTS =
      Set.of("Concat", "Mul", "Add", "Sub", "Max", "Min", "Sum", "Mean");
  private static final Set<String> MAGNITUDES = Set.of("Pow", "Abs", "Sqrt");
  private static final Set<String> SUMS = Set.of("ReduceSum", "ReduceMean", "GlobalAveragePool");
  private static final Set<String> SUMS_OF_MAGNITUDES =
      Set.of("ReduceL1", "ReduceL2", "ReduceSumSquare");

  private final ModelGraph graph;
  private final Topology topology;
  private final Map<String, GraphNode> makers;
  private final Map<String, QuantizableNode> products = new HashMap<>();
  private final Map<String, String> found = new HashMap<>();

  /** What the way back has led through. */
  private record Way(String reason, boolean division, boolean product, boolean magnitude) {

    Way withProduct() {
      return new Way(reason, division, true, false);
    }

    Way withMagnitude() {
      return new Way(reason, division, product, true);
    }
  }

  private AmplifiedNoise(ModelGraph graph) {
    this.graph = graph;
    this.topology = graph.topology();
    this.makers = topology.makers();
    graph.nodes().forEach(node -> products.put(node.node(), node));
  }

  /** Returns these products by name, with the reason. Costs a walk through the graph. */
  static Map<String, String> of(ModelGraph graph) {
    AmplifiedNoise search = new AmplifiedNoise(graph);
    for (GraphNode node : search.topology.nodes()) {
      switch (node.opType()) {
        case "Log" -> search.start(node, 0, "the logarithm of node '%s'", false);
        case "Reciprocal" -> search.start(node, 0, "the division of node '%s'", true);
        case "Div" -> search.start(node, 1, "the division of node '%s'", true);
        default -> {
          // It does not amplify.
        }
      }
    }
    return search.found;
  }

  private void start(GraphNode node, int input, String meets, boolean division) {
    String reason =
        "its rounding noise would meet %s, where small results count as much as large ones"
            .formatted(meets.formatted(node.node()));
    back(node.input(input), new Way(reason, division, false, false), new HashSet<>());
  }

  private void back(String tensor, Way way, Set<String> seen) {
    GraphNode maker = makers.get(tensor);
    if (maker == null || !seen.add(tensor + way.product + way.magnitude)) {
      return;
    }
    String type = maker.opType();
    if (products.containsKey(maker.node())) {
      if (!way.product || way.magnitude) {
        found.putIfAbsent(maker.node(), way.reason);
      }
      if (!way.product) {
        back(products.get(maker.node()).input(), way.withProduct(), seen);
      }
    } else if (raised(maker)) {
      return;
    } else if (ALL_INPUTS.contains(type)) {
      boolean square = type.equals("Mul") && maker.input(0).equals(maker.input(1));
      maker.inputs().forEach(each -> back(each, square ? way.withMagnitude() : way, seen));
    } else if (FIRST_INPUT.contains(type) || (SUMS.contains(type) && !way.division)) {
      back(maker.input(0), way, seen);
    } else if (MAGNITUDES.contains(type) || (SUMS_OF_MAGNITUDES.contains(type) && !way.division)) {
      back(maker.input(0), way.withMagnitude(), seen);
    }
  }

  /** Whether a result is never small: a constant is added, or bounds it from below. */
  private boolean raised(GraphNode node) {
    List<String> bounds =
        switch (node.opType()) {
          case "Add", "Max", "Sum" -> node.inputs();
          case "Clip" -> List.of(node.input(1));
          default -> List.of();
        };
    return bounds.stream().anyMatch(this::large);
  }

  private boolean large(String name) {
    String constant = topology.constants().get(name);
    if (constant == null) {
      return false;
    }
    FloatBuffer values = graph.constant(constant).floats();
    boolean all = values.hasRemaining();
    while (all && values.hasRemaining()) {
      all = values.get() >= FLOOR;
    }
    return all;
  }
}
