package dev.tare.engine.target;

import dev.tare.engine.graph.GraphNode;
import dev.tare.engine.graph.QuantizableNode;
import dev.tare.engine.graph.Topology;
import dev.tare.engine.recipe.Recipe;
import dev.tare.engine.recipe.TensorQuery;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Finds the tensors of {@link NamedPlacement#outputs()}: inputs of products, and what a convolution
 * gives, since an integer kernel of ONNX Runtime takes a convolution only together with the
 * QuantizeLinear behind it, or behind its Relu or Clip. Every reader of such an output reads what
 * was quantized; where one cannot, such as a product in float (whose weight the runtime would then
 * quantize by rules of its own) or the caller of the model, the output stays float. A sum of two
 * quantized tensors whose result is quantized reads both as integers.
 *
 * <p>Costs a walk through the graph.
 *
 * @see <a
 *     href="https://github.com/microsoft/onnxruntime/tree/main/onnxruntime/core/optimizer/qdq_transformer">qdq_transformer</a>
 */
final class ConvolutionOutputs {

  private static final Set<String> CUTS = Set.of("Relu", "Clip");
  private static final Set<String> PRODUCTS =
      Set.of("Conv", "ConvTranspose", "Gemm", "MatMul", "Gather");

  private final Recipe recipe;
  private final Topology graph;
  private final Map<String, List<GraphNode>> readers;

  /** Products that are quantized with their input, by node. */
  private final Map<String, QuantizableNode> products = new HashMap<>();

  private final Set<String> inputs = new LinkedHashSet<>();
  private final Set<String> outputs = new LinkedHashSet<>();
  private final Set<String> sums = new HashSet<>();

  /**
   * @param chosen products that the recipe quantizes statically
   */
  ConvolutionOutputs(Recipe recipe, Topology graph, List<QuantizableNode> chosen) {
    this.recipe = recipe;
    this.graph = graph;
    this.readers = graph.readers();
    chosen.forEach(node -> products.put(node.node(), node));
    chosen.forEach(node -> inputs.add(node.input()));
    for (GraphNode node : graph.nodes()) {
      if (products.containsKey(node.node()) && node.opType().equals("Conv")) {
        integers(node.outputs().get(0)).ifPresent(outputs::add);
      }
    }
    for (GraphNode node : graph.nodes()) {
      if (node.opType().equals("Add")
          && recipe.reasonToLeave(node.outputs().get(0)).isEmpty()
          && node.inputs().stream().allMatch(this::isMarked)
          && isMarked(behindCut(node.outputs().get(0)))) {
        sums.add(node.node());
      }
    }
  }

  private boolean isMarked(String tensor) {
    return inputs.contains(tensor) || outputs.contains(tensor);
  }

  /** Returns the marked tensors, each with the nodes that read it quantized. */
  PlacedTensors placed() {
    SortedMap<String, TensorQuery> own = new TreeMap<>();
    Set<String> all = new TreeSet<>(inputs);
    all.addAll(outputs);
    for (String tensor : all) {
      List<GraphNode> nodes =
          readers.getOrDefault(tensor, List.of()).stream()
              .filter(node -> outputs.contains(tensor) || readsIntegers(node, tensor))
              .toList();
      if (!nodes.isEmpty()) {
        own.put(tensor, query(tensor, nodes));
      }
    }
    return new PlacedTensors(own, new TreeMap<>(), new TreeMap<>(), new TreeMap<>());
  }

  private boolean readsIntegers(GraphNode node, String tensor) {
    QuantizableNode product = products.get(node.node());
    return product == null ? sums.contains(node.node()) : product.input().equals(tensor);
  }

  /** The tensor to quantize of what a convolution gives, unless something needs it in float. */
  private Optional<String> integers(String output) {
    String tensor = behindCut(output);
    List<GraphNode> nodes = readers.getOrDefault(tensor, List.of());
    boolean free =
        graph.floats().contains(tensor)
            && !graph.outputs().contains(tensor)
            && recipe.reasonToLeave(tensor).isEmpty()
            && !nodes.isEmpty()
            && nodes.stream().noneMatch(node -> needsFloat(node, tensor));
    return free ? Optional.of(tensor) : Optional.empty();
  }

  /** Whether a node is a product in float, or reads a tensor inside a body. */
  private boolean needsFloat(GraphNode node, String tensor) {
    return node.captured().contains(tensor)
        || (PRODUCTS.contains(node.opType()) && !readsIntegers(node, tensor));
  }

  /**
   * What a Relu or Clip gives that alone reads a tensor, if integers cut as it does: the range of a
   * symmetric type would reach below 0.
   */
  private String behindCut(String tensor) {
    List<GraphNode> nodes = readers.getOrDefault(tensor, List.of());
    if (nodes.size() != 1
        || graph.outputs().contains(tensor)
        || !CUTS.contains(nodes.get(0).opType())
        || !nodes.get(0).input(0).equals(tensor)) {
      return tensor;
    }
    String cut = nodes.get(0).outputs().get(0);
    List<GraphNode> behind = readers.getOrDefault(cut, List.of());
    return behind.isEmpty() || recipe.decide(query(cut, behind)).rule().symmetric() ? tensor : cut;
  }

  private TensorQuery query(String tensor, List<GraphNode> nodes) {
    Set<String> operators = new TreeSet<>();
    for (GraphNode node : nodes) {
      QuantizableNode product = products.get(node.node());
      operators.addAll(product == null ? List.of(node.opType()) : product.kinds());
    }
    List<String> names = new ArrayList<>(nodes.stream().map(GraphNode::node).toList());
    return TensorQuery.ofActivation(tensor, names, List.copyOf(operators));
  }
}
