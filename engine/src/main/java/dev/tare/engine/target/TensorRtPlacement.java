package dev.tare.engine.target;

import dev.tare.engine.graph.GraphNode;
import dev.tare.engine.graph.QuantizableNode;
import dev.tare.engine.graph.Topology;
import dev.tare.engine.recipe.Format;
import dev.tare.engine.recipe.Mode;
import dev.tare.engine.recipe.Recipe;
import dev.tare.engine.recipe.Role;
import dev.tare.engine.recipe.TensorQuery;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Finds the tensors that TensorRT wants quantized besides the inputs of products: those that enter
 * pooling, resizing, sums and products of two activations behind a convolution or a matrix product.
 * TensorRT fuses a convolution with what follows it, so nothing is quantized in between; of a
 * residual sum the branch that comes straight from a convolution stays float for that reason.
 *
 * <p>Costs a walk through the graph, and one backwards from each sum of two activations.
 *
 * @see <a
 *     href="https://github.com/NVIDIA/Model-Optimizer/blob/main/modelopt/onnx/quantization">Model
 *     Optimizer, whose output on small models engine/docs/targets.md compares with this</a>
 */
final class TensorRtPlacement {

  /** Operators without a weight whose inputs are quantized. */
  static final Set<String> OPERATORS =
      Set.of("Add", "AveragePool", "GlobalAveragePool", "MaxPool", "Mul", "Resize");

  /** Their kernels write integers. */
  private static final Set<String> WRITE_INTEGERS =
      Set.of("AveragePool", "BatchNormalization", "GlobalAveragePool", "MaxPool", "Mul");

  /** Fused with the product before them. */
  private static final Set<String> FUSED =
      Set.of("Add", "BatchNormalization", "Clip", "HardSigmoid", "LeakyRelu", "Relu", "Sigmoid");

  private static final Set<String> MOVE_VALUES =
      Set.of("Concat", "Flatten", "Gather", "Reshape", "Slice", "Split", "Squeeze", "Transpose");

  private final Recipe recipe;
  private final Topology graph;
  private final ResidualSums sums;
  private final Map<String, GraphNode> makers;
  private final Map<String, QuantizableNode> products = new HashMap<>();
  private final Set<String> leftNodes = new HashSet<>();
  private final Set<String> marked = new LinkedHashSet<>();
  private final Map<String, String> left = new TreeMap<>();
  private final Map<String, Boolean> fused = new HashMap<>();

  /**
   * @param chosen products that the recipe quantizes
   * @param leftFloat those that stay float
   */
  TensorRtPlacement(
      Recipe recipe, Topology graph, List<QuantizableNode> chosen, Set<QuantizableNode> leftFloat) {
    this.recipe = recipe;
    this.graph = graph;
    this.sums = new ResidualSums(graph);
    this.makers = graph.makers();
    chosen.forEach(node -> products.put(node.node(), node));
    leftFloat.forEach(node -> leftNodes.add(node.node()));
    for (GraphNode node : graph.nodes()) {
      if (recipe.mode(node) == Mode.STATIC
          && recipe.reasonToLeave(node).isEmpty()
          && !leftNodes.contains(node.node())) {
        visit(node);
      }
    }
  }

  /** Returns the marked tensors, each with the nodes that read it quantized. */
  PlacedTensors placed() {
    SortedMap<String, TensorQuery> own = new TreeMap<>();
    Map<String, List<GraphNode>> readers = graph.readers();
    for (String tensor : marked) {
      TensorQuery query = query(tensor, readers.getOrDefault(tensor, List.of()));
      if (!query.consumers().isEmpty()) {
        own.put(tensor, query);
      }
    }
    SortedMap<String, PlacedTensors.Left> inFloat = new TreeMap<>();
    left.forEach(
        (tensor, reason) ->
            inFloat.put(
                tensor,
                new PlacedTensors.Left(
                    query(tensor, readers.getOrDefault(tensor, List.of())), reason)));
    return new PlacedTensors(own, new TreeMap<>(), new TreeMap<>(), inFloat);
  }

  private void visit(GraphNode node) {
    QuantizableNode product = products.get(node.node());
    if (product != null) {
      mark(product.input());
      return;
    }
    switch (node.opType()) {
      case "AveragePool", "GlobalAveragePool", "MaxPool", "Resize" -> {
        if (comesInIntegers(node.input(0))) {
          mark(node.input(0));
        }
      }
      case "Add", "Mul" -> {
        if (node.inputs().stream().noneMatch(this::isConstant)
            && node.inputs().stream().anyMatch(this::comesInIntegers)
            && !graph.outputs().contains(node.outputs().get(0))
            && !sums.isGate(node)) {
          node.inputs().stream().filter(input -> !sums.staysRaw(input, node)).forEach(this::mark);
        }
      }
      default -> {}
    }
  }

  private boolean isConstant(String tensor) {
    return graph.constants().containsKey(tensor);
  }

  /** Whether the kernel that computes a tensor can write integers. */
  private boolean comesInIntegers(String tensor) {
    GraphNode maker = makers.get(tensor);
    if (maker == null) {
      return false;
    }
    if (MOVE_VALUES.contains(maker.opType())) {
      List<String> moved =
          maker.inputs().stream().filter(input -> graph.floats().contains(input)).toList();
      return !moved.isEmpty() && moved.stream().allMatch(this::comesInIntegers);
    }
    return WRITE_INTEGERS.contains(maker.opType()) || isFused(tensor);
  }

  /** Whether a quantized product computes a tensor, alone or with operators fused into it. */
  private boolean isFused(String tensor) {
    Boolean known = fused.get(tensor);
    if (known != null) {
      return known;
    }
    GraphNode maker = makers.get(tensor);
    boolean result =
        maker != null
            && (products.containsKey(maker.node())
                || (FUSED.contains(maker.opType())
                    && maker.inputs().stream().anyMatch(this::isFused)));
    fused.put(tensor, result);
    return result;
  }

  private void mark(String tensor) {
    if (!graph.floats().contains(tensor)) {
      return;
    }
    recipe
        .reasonToLeave(tensor)
        .ifPresentOrElse(reason -> left.put(tensor, reason), () -> marked.add(tensor));
  }

  private TensorQuery query(String tensor, List<GraphNode> readers) {
    List<GraphNode> nodes =
        readers.stream()
            .filter(n -> n.inputs().contains(tensor) && !leftNodes.contains(n.node()))
            .filter(n -> !sums.staysRaw(tensor, n))
            .toList();
    Set<String> operators = new TreeSet<>(nodes.stream().map(GraphNode::opType).toList());
    return new TensorQuery(
        tensor,
        Role.ACTIVATION,
        nodes.stream().map(GraphNode::node).toList(),
        List.copyOf(operators),
        Format.QDQ,
        -1,
        -1);
  }
}
