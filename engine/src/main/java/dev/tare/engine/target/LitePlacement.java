package dev.tare.engine.target;

import dev.tare.engine.graph.GraphNode;
import dev.tare.engine.graph.QuantizableNode;
import dev.tare.engine.graph.Topology;
import dev.tare.engine.quant.QuantType;
import dev.tare.engine.recipe.Format;
import dev.tare.engine.recipe.Mode;
import dev.tare.engine.recipe.Recipe;
import dev.tare.engine.recipe.Role;
import dev.tare.engine.recipe.TensorQuery;
import dev.tare.engine.recipe.TensorQuery.Nature;
import dev.tare.engine.target.LiteKernel.Scales;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Finds the tensors of TensorFlow Lite's integer operators: everything that they read and write.
 *
 * <p>Where a kernel requires equal scales, one tensor takes the other's: what pooling or reshaping
 * writes that of its input, what is concatenated that of the result, which covers it, also where it
 * is reshaped before. A tensor that would have to take two keeps the first; the writer converts it
 * for the other operator.
 *
 * <p>Costs a walk through the graph.
 */
final class LitePlacement {

  private static final Set<String> MOVE_ALL =
      Set.of(
          "DEPTH_TO_SPACE",
          "EXPAND_DIMS",
          "MIRROR_PAD",
          "PAD",
          "RESHAPE",
          "SPACE_TO_BATCH_ND",
          "SPACE_TO_DEPTH",
          "SQUEEZE",
          "TRANSPOSE");

  private final Recipe recipe;

  /** Whether activations are int16. */
  private final boolean wide;

  private final Topology graph;
  private final Map<String, List<GraphNode>> readers;
  private final Map<String, GraphNode> makers;
  private final Map<String, QuantizableNode> products = new HashMap<>();
  private final Set<String> weights = new HashSet<>();

  /** Operators that compute in integers, by name. */
  private final Map<String, LiteKernel> integers = new LinkedHashMap<>();

  private final Set<String> marked = new LinkedHashSet<>();
  private final Map<String, String> sources = new HashMap<>();
  private final Map<String, List<GraphNode>> operands = new TreeMap<>();
  private final Map<String, String> left = new TreeMap<>();

  /**
   * @param chosen products that the recipe quantizes
   */
  LitePlacement(Recipe recipe, Topology graph, List<QuantizableNode> chosen) {
    this.recipe = recipe;
    this.wide = recipe.activations().filter(rule -> rule.type() == QuantType.INT16).isPresent();
    this.graph = graph;
    this.readers = graph.readers();
    this.makers = graph.makers();
    for (QuantizableNode node : chosen) {
      products.put(node.node(), node);
      weights.add(node.weight());
      node.bias().ifPresent(weights::add);
    }
    for (GraphNode node : graph.nodes()) {
      LiteKernel.of(node.opType())
          .filter(kernel -> isInteger(node, kernel))
          .ifPresent(kernel -> integers.put(node.node(), kernel));
    }
    graph.nodes().stream().filter(this::isInteger).forEach(this::mark);
    graph.nodes().stream().filter(this::isInteger).forEach(this::shareOutput);
  }

  private boolean isInteger(GraphNode node) {
    return integers.containsKey(node.node());
  }

  private boolean isInteger(GraphNode node, LiteKernel kernel) {
    if (wide && LiteKernel.wideVersion(node.opType()).isEmpty()) {
      return false;
    }
    if (recipe.mode(node) != Mode.STATIC || recipe.reasonToLeave(node).isPresent()) {
      return false;
    }
    if (kernel.scales() == Scales.PRODUCT && !products.containsKey(node.node())) {
      return false;
    }
    boolean floats = false;
    for (String input : node.inputs()) {
      if (graph.floats().contains(input)) {
        floats = true;
        if (isLeft(input)) {
          return false;
        }
      } else if (isConstant(input)
          && kernel.scales() != Scales.PRODUCT
          && (kernel.scales() != Scales.FREE || weights.contains(input) || isLeft(input))) {
        return false;
      }
    }
    return floats
        && node.outputs().stream()
            .allMatch(output -> graph.floats().contains(output) && !isLeft(output));
  }

  private boolean isLeft(String tensor) {
    Optional<String> reason = recipe.reasonToLeave(tensor);
    reason.ifPresent(why -> left.put(tensor, why));
    return reason.isPresent();
  }

  private boolean isConstant(String tensor) {
    return graph.constants().containsKey(tensor);
  }

  private void mark(GraphNode node) {
    LiteKernel kernel = integers.get(node.node());
    for (String input : node.inputs()) {
      if (graph.floats().contains(input)) {
        marked.add(input);
      } else if (isConstant(input) && kernel.scales() == Scales.FREE) {
        operands.computeIfAbsent(input, k -> new ArrayList<>()).add(node);
      }
    }
    for (String output : node.outputs()) {
      marked.add(output);
      if (kernel.scales() == Scales.OF_INPUT) {
        sources.put(output, firstFloat(node));
      }
    }
  }

  private String firstFloat(GraphNode node) {
    return node.inputs().stream().filter(graph.floats()::contains).findFirst().orElseThrow();
  }

  /** After all others: what has its scale from elsewhere keeps it. */
  private void shareOutput(GraphNode node) {
    if (integers.get(node.node()).scales() != Scales.OF_OUTPUT) {
      return;
    }
    for (String input : node.inputs()) {
      if (graph.floats().contains(input)) {
        String first = moved(input);
        if (!sources.containsKey(first) && nature(first) == Nature.ANY) {
          sources.put(first, node.outputs().get(0));
        }
      }
    }
  }

  /** The tensor whose values, all of them, an input has in another order or with zeros between. */
  private String moved(String tensor) {
    String first = tensor;
    GraphNode maker = makers.get(first);
    while (maker != null
        && isInteger(maker)
        && MOVE_ALL.contains(maker.opType())
        && sources.containsKey(first)) {
      first = firstFloat(maker);
      maker = makers.get(first);
    }
    return first;
  }

  private Nature nature(String tensor) {
    GraphNode maker = makers.get(tensor);
    if (maker == null || !isInteger(maker)) {
      return Nature.ANY;
    }
    LiteKernel kernel = integers.get(maker.node());
    return wide ? kernel.wideFixed() : kernel.fixed();
  }

  /** Returns the marked tensors, each with the operators that read it quantized. */
  PlacedTensors placed() {
    SortedMap<String, TensorQuery> own = new TreeMap<>();
    SortedMap<String, PlacedTensors.Shared> shared = new TreeMap<>();
    for (String tensor : marked) {
      TensorQuery query = query(tensor);
      String source = sources.get(tensor);
      if (source == null) {
        own.put(tensor, query.with(nature(tensor)));
      } else {
        shared.put(tensor, new PlacedTensors.Shared(query, source));
      }
    }
    SortedMap<String, TensorQuery> constants = new TreeMap<>();
    operands.forEach(
        (constant, nodes) ->
            constants.put(
                constant, query(constant, Role.WEIGHT, nodes, false).with(Nature.OPERAND)));
    SortedMap<String, PlacedTensors.Left> inFloat = new TreeMap<>();
    left.forEach(
        (tensor, reason) ->
            inFloat.put(
                tensor,
                new PlacedTensors.Left(
                    query(
                        tensor,
                        isConstant(tensor) ? Role.WEIGHT : Role.ACTIVATION,
                        readers.getOrDefault(tensor, List.of()),
                        false),
                    reason)));
    return new PlacedTensors(own, shared, constants, inFloat);
  }

  /** An integer tensor that only operators in float read is read by what makes it. */
  private TensorQuery query(String tensor) {
    List<GraphNode> nodes =
        new ArrayList<>(
            readers.getOrDefault(tensor, List.of()).stream().filter(this::isInteger).toList());
    GraphNode maker = makers.get(tensor);
    boolean made = maker != null && isInteger(maker);
    boolean output = made && graph.outputs().contains(tensor);
    if (nodes.isEmpty() && made && !output) {
      nodes.add(maker);
    }
    return query(tensor, Role.ACTIVATION, nodes, output);
  }

  private static TensorQuery query(
      String tensor, Role role, List<GraphNode> nodes, boolean output) {
    List<String> consumers = new ArrayList<>(nodes.stream().map(GraphNode::node).toList());
    if (output) {
      consumers.add(TensorQuery.GRAPH_OUTPUT);
    }
    Set<String> operators = new TreeSet<>(nodes.stream().map(GraphNode::opType).toList());
    return new TensorQuery(tensor, role, consumers, List.copyOf(operators), Format.QDQ, -1, -1);
  }
}
