package dev.tare.engine.plan;

import dev.tare.engine.graph.GraphNode;
import dev.tare.engine.graph.ModelGraph;
import dev.tare.engine.graph.QuantizableNode;
import dev.tare.engine.graph.Topology;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.Set;

/**
 * Finds where results of products meet a logarithm, a division or a root, by the graph alone.
 *
 * <p>The way back from such an operator leads through operators that keep a small value small:
 * elementwise ones, reshaping, sums and filters. It ends where values cannot be small any more (the
 * sum with a constant of at least {@value #FLOOR}, as in {@code log(1 + x)}), where only their
 * differences count (Exp, Softmax, Sigmoid and whatever else is not named), for a division and a
 * root also at a sum over an axis, and at the first product; beyond it only to one of whose results
 * a square or a magnitude was made in between, as a filter bank's input is made of a spectrum, and
 * to one whose results are moved and added up alone, as a waveform is filtered before its spectrum
 * is made. The last are for statistics to judge: the graph alone does not suspect them.
 */
final class NoiseWays {

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

  /** Those of both that only move values or add them up. */
  private static final Set<String> LINEAR =
      Set.of(
          "Identity",
          "Reshape",
          "Flatten",
          "Transpose",
          "Squeeze",
          "Unsqueeze",
          "Slice",
          "Split",
          "Pad",
          "AveragePool",
          "Concat",
          "Add",
          "Sub");

  private static final Set<String> SUMS = Set.of("ReduceSum", "ReduceMean", "GlobalAveragePool");

  /** Operators that make a magnitude of their input, with the power of it that they are. */
  private static final Map<String, Double> MAGNITUDES = Map.of("Abs", 1.0, "Sqrt", 0.5);

  private static final Map<String, Double> SUMS_OF_MAGNITUDES =
      Map.of("ReduceL1", 1.0, "ReduceL2", 1.0, "ReduceSumSquare", 2.0);

  private final ModelGraph graph;
  private final Topology topology;
  private final Map<String, GraphNode> makers;
  private final Map<String, QuantizableNode> products = new HashMap<>();
  private final List<NoiseMeeting> found = new ArrayList<>();

  /** The operator that a way begins at, and what it has led through. */
  private record Way(
      GraphNode from,
      String what,
      String tensor,
      double exponent,
      boolean product,
      boolean linear,
      boolean magnitude,
      double power) {

    Way withProduct() {
      return new Way(from, what, tensor, exponent, true, true, false, power);
    }

    Way through(String type) {
      return linear && !LINEAR.contains(type)
          ? new Way(from, what, tensor, exponent, product, false, magnitude, power)
          : this;
    }

    Way withMagnitude(double raised) {
      return new Way(from, what, tensor, exponent, product, false, true, power * raised);
    }

    boolean logarithm() {
      return exponent == 0;
    }

    NoiseMeeting at(QuantizableNode node) {
      boolean direct = !product || magnitude;
      return new NoiseMeeting(node, from.node(), what, tensor, exponent, power, direct);
    }
  }

  private NoiseWays(ModelGraph graph) {
    this.graph = graph;
    this.topology = graph.topology();
    this.makers = topology.makers();
    graph.nodes().forEach(node -> products.put(node.node(), node));
  }

  /** Returns the meetings in graph order of the operators. Costs a walk through the graph. */
  static List<NoiseMeeting> of(ModelGraph graph) {
    NoiseWays search = new NoiseWays(graph);
    for (GraphNode node : search.topology.nodes()) {
      switch (node.opType()) {
        case "Log" -> search.start(node, 0, "logarithm", 0);
        case "Reciprocal" -> search.start(node, 0, "division", -1);
        case "Div" -> search.start(node, 1, "division", -1);
        case "Sqrt" -> search.start(node, 0, "root", 0.5);
        case "Pow" -> {
          double exponent = search.exponent(node).orElse(1);
          if (exponent < 1 && exponent != 0) {
            search.start(node, 0, exponent < 0 ? "division" : "root", exponent);
          }
        }
        default -> {
          // It does not amplify.
        }
      }
    }
    return search.found;
  }

  private void start(GraphNode node, int input, String what, double exponent) {
    String tensor = node.input(input);
    back(tensor, new Way(node, what, tensor, exponent, false, false, false, 1), new HashSet<>());
  }

  private void back(String tensor, Way way, Set<String> seen) {
    GraphNode maker = makers.get(tensor);
    if (maker == null || !seen.add(tensor + way.product + way.magnitude + way.linear)) {
      return;
    }
    String type = maker.opType();
    if (products.containsKey(maker.node())) {
      QuantizableNode product = products.get(maker.node());
      if (!way.product || way.magnitude || way.linear) {
        found.add(way.at(product));
      }
      if (!way.product || way.linear) {
        back(product.input(), way.withProduct(), seen);
      }
    } else if (raised(maker)) {
      return;
    } else if (ALL_INPUTS.contains(type)) {
      boolean square = type.equals("Mul") && maker.input(0).equals(maker.input(1));
      Way on = square ? way.withMagnitude(2) : way.through(type);
      maker.inputs().forEach(each -> back(each, on, seen));
    } else if (FIRST_INPUT.contains(type) || (SUMS.contains(type) && way.logarithm())) {
      back(maker.input(0), way.through(type), seen);
    } else if (MAGNITUDES.containsKey(type)) {
      back(maker.input(0), way.withMagnitude(MAGNITUDES.get(type)), seen);
    } else if (type.equals("Pow")) {
      double exponent = exponent(maker).orElse(1);
      back(maker.input(0), way.withMagnitude(exponent > 0 ? exponent : 1), seen);
    } else if (SUMS_OF_MAGNITUDES.containsKey(type) && way.logarithm()) {
      back(maker.input(0), way.withMagnitude(SUMS_OF_MAGNITUDES.get(type)), seen);
    }
  }

  /** The constant exponent of a Pow, if it has one for all values. */
  private OptionalDouble exponent(GraphNode node) {
    String constant = topology.constants().get(node.input(1));
    if (constant == null) {
      return OptionalDouble.empty();
    }
    FloatBuffer values = graph.constant(constant).floats();
    return values.remaining() == 1 ? OptionalDouble.of(values.get()) : OptionalDouble.empty();
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
