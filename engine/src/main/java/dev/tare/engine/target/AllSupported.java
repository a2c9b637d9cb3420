package dev.tare.engine.target;

import dev.tare.engine.graph.GraphNode;
import dev.tare.engine.graph.ModelGraph;
import dev.tare.engine.graph.QuantizableNode;
import dev.tare.engine.graph.Topology;
import dev.tare.engine.graph.WeightUse;
import dev.tare.engine.recipe.Format;
import dev.tare.engine.recipe.Mode;
import dev.tare.engine.recipe.Recipe;
import dev.tare.engine.recipe.Role;
import dev.tare.engine.recipe.TensorQuery;
import dev.tare.engine.recipe.TensorQuery.Nature;
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
 * Finds the tensors that ONNX Runtime's static quantization puts QuantizeLinear and
 * DequantizeLinear on, by its operators and its default options, in one walk through the graph.
 *
 * <p>ONNX Runtime removes a Relu or Clip and quantizes its input by the range of its output. Here
 * the node stays, its input stays float, and its output is quantized: the runtime drops the node
 * when it loads the model, and a Clip whose bounds the integers do not enforce still works.
 *
 * <p>Not thread-safe.
 *
 * @see <a
 *     href="https://github.com/microsoft/onnxruntime/blob/main/onnxruntime/python/tools/quantization/registry.py">registry.py
 *     and operators/ beside it</a>
 */
final class AllSupported {

  /** Supported operators, besides those with weights. */
  static final Set<String> OPERATORS =
      Set.of(
          "Add",
          "ArgMax",
          "AveragePool",
          "BatchNormalization",
          "Clip",
          "Concat",
          "CumSum",
          "Flatten",
          "GatherElements",
          "GlobalAveragePool",
          "InstanceNormalization",
          "LayerNormalization",
          "LeakyRelu",
          "MaxPool",
          "Mul",
          "Pad",
          "Relu",
          "Reshape",
          "Resize",
          "Sigmoid",
          "Slice",
          "Softmax",
          "Split",
          "Squeeze",
          "TopK",
          "Transpose",
          "Unsqueeze",
          "Where");

  /** Where a tensor's scale comes from. */
  private record Mark(Optional<String> source, Nature nature) {
    static final Mark OWN = new Mark(Optional.empty(), Nature.ANY);
  }

  private final TargetProfile target;
  private final Recipe recipe;
  private final ModelGraph weights;
  private final Topology graph;
  private final Map<String, List<GraphNode>> readers;
  private final Map<String, QuantizableNode> weighted = new HashMap<>();
  private final Set<String> leftNodes = new HashSet<>();
  private final Map<String, Mark> marks = new LinkedHashMap<>();
  private final Set<String> markedWeights = new HashSet<>();
  private final Map<String, Set<GraphNode>> operands = new LinkedHashMap<>();
  private final Map<String, String> left = new LinkedHashMap<>();
  private final List<QuantizableNode> normalizations = new ArrayList<>();

  /**
   * @param chosen operators with weights that the recipe quantizes
   * @param leftFloat those that it leaves in float
   */
  AllSupported(
      TargetProfile target,
      Recipe recipe,
      ModelGraph weights,
      List<QuantizableNode> chosen,
      Set<QuantizableNode> leftFloat) {
    this.target = target;
    this.recipe = recipe;
    this.weights = weights;
    this.graph = weights.topology();
    this.readers = graph.readers();
    chosen.forEach(node -> weighted.put(node.node(), node));
    leftFloat.forEach(node -> leftNodes.add(node.node()));
    for (GraphNode node : graph.nodes()) {
      if (recipe.mode(node) == Mode.STATIC
          && recipe.reasonToLeave(node).isEmpty()
          && !leftNodes.contains(node.node())) {
        visit(node);
      }
    }
  }

  /** Returns normalizations with a constant scale, which is a weight. */
  List<QuantizableNode> normalizations() {
    return List.copyOf(normalizations);
  }

  /** Returns everything else. */
  PlacedTensors placed() {
    SortedMap<String, TensorQuery> own = new TreeMap<>();
    SortedMap<String, PlacedTensors.Shared> shared = new TreeMap<>();
    marks.forEach(
        (tensor, mark) -> {
          TensorQuery query = query(tensor);
          if (query.consumers().isEmpty()) {
            return;
          }
          mark.source()
              .filter(source -> !query(source).consumers().isEmpty())
              .ifPresentOrElse(
                  source -> shared.put(tensor, new PlacedTensors.Shared(query, source)),
                  () -> own.put(tensor, query.with(mark.nature())));
        });
    SortedMap<String, PlacedTensors.Left> inFloat = new TreeMap<>();
    left.forEach((t, reason) -> inFloat.put(t, new PlacedTensors.Left(query(t), reason)));
    return new PlacedTensors(own, shared, operands(inFloat), inFloat);
  }

  private void visit(GraphNode node) {
    switch (node.opType()) {
      case "MatMul", "Gemm", "Conv", "ConvTranspose" -> product(node);
      case "Relu", "Clip" -> clip(node);
      case "Reshape",
          "Transpose",
          "Squeeze",
          "Unsqueeze",
          "Flatten",
          "Resize",
          "MaxPool",
          "AveragePool",
          "Slice",
          "TopK",
          "GatherElements" ->
          pass(node);
      case "Gather" -> gather(node);
      case "Split" -> {
        take(node, node.input(0));
        node.outputs().forEach(output -> share(output, node.input(0)));
      }
      case "Pad" -> {
        node.inputs().forEach(input -> take(node, input));
        if (node.keepsValues()) {
          share(node.outputs().get(0), node.input(0));
        } else {
          mark(node.outputs().get(0), Mark.OWN);
        }
      }
      case "Where" -> {
        if (isMarked(node.input(1)) && isMarked(node.input(2))) {
          mark(node.outputs().get(0), Mark.OWN);
        }
      }
      case "InstanceNormalization", "LayerNormalization", "BatchNormalization" -> normalize(node);
      default -> {
        node.inputs().forEach(input -> take(node, input));
        Nature nature = node.opType().equals("Softmax") ? Nature.PROBABILITIES : Nature.ANY;
        node.outputs().forEach(output -> mark(output, new Mark(Optional.empty(), nature)));
      }
    }
  }

  private void product(GraphNode node) {
    QuantizableNode product = weighted.get(node.node());
    if (product != null) {
      take(node, product.input());
      markedWeights.add(product.weight());
    } else {
      take(node, node.input(0));
      take(node, node.input(1));
    }
    mark(node.outputs().get(0), Mark.OWN);
  }

  private void clip(GraphNode node) {
    String input = node.input(0);
    String output = node.outputs().get(0);
    if (!marks.containsKey(input)) {
      return;
    }
    // The caller of the model reads a graph output before the node cuts it, so its values must
    // stay.
    boolean alone = readers.get(input).size() == 1 && !graph.outputs().contains(input);
    mark(output, Mark.OWN);
    if (!alone || !marks.containsKey(output)) {
      return;
    }
    if (!graph.inputs().contains(input) && !recipe.decide(query(output)).rule().symmetric()) {
      marks.remove(input);
      left.put(
          input,
          "%s '%s' alone reads it, whose output '%s' is quantized instead"
              .formatted(node.opType(), node.node(), output));
    } else if (marks.get(input).equals(Mark.OWN)) {
      // Values that the node cuts off need no integers.
      marks.put(input, new Mark(Optional.of(output), Nature.ANY));
    }
  }

  private void pass(GraphNode node) {
    if (marks.containsKey(node.input(0))) {
      share(node.outputs().get(0), node.input(0));
    }
  }

  private void gather(GraphNode node) {
    QuantizableNode table = weighted.get(node.node());
    if (table == null) {
      pass(node);
    } else {
      // Scales of rows do not carry over to the looked-up rows, which get a scale of their own.
      markedWeights.add(table.weight());
      mark(node.outputs().get(0), Mark.OWN);
    }
  }

  private void normalize(GraphNode node) {
    take(node, node.input(0));
    Optional<String> scale = Optional.ofNullable(graph.constants().get(node.input(1)));
    if (scale.isPresent() && graph.floats().contains(node.input(0))) {
      normalizations.add(
          new QuantizableNode(
              node.node(),
              node.opType(),
              node.input(0),
              0,
              scale.get(),
              1,
              weights.constant(scale.get()).shape(),
              0,
              Optional.ofNullable(graph.constants().get(node.input(2))),
              1,
              WeightUse.FACTORS));
      markedWeights.add(scale.get());
    } else {
      mark(node.input(1), Mark.OWN);
    }
    node.outputs().forEach(output -> mark(output, Mark.OWN));
  }

  private void take(GraphNode node, String tensor) {
    String constant = graph.constants().get(tensor);
    if (constant != null) {
      operands.computeIfAbsent(constant, k -> new LinkedHashSet<>()).add(node);
    } else {
      mark(tensor, Mark.OWN);
    }
  }

  private void share(String tensor, String source) {
    if (marks.containsKey(source)) {
      marks.remove(tensor);
      mark(tensor, new Mark(Optional.of(source), Nature.ANY));
    }
  }

  private void mark(String tensor, Mark mark) {
    if (!graph.floats().contains(tensor) || marks.containsKey(tensor) || left.containsKey(tensor)) {
      return;
    }
    Optional<String> reason = recipe.reasonToLeave(tensor);
    if (reason.isPresent()) {
      left.put(tensor, reason.get());
    } else {
      marks.put(tensor, mark);
    }
  }

  private boolean isMarked(String tensor) {
    String constant = graph.constants().get(tensor);
    return constant == null
        ? marks.containsKey(tensor)
        : operands.containsKey(constant) || markedWeights.contains(constant);
  }

  /**
   * A constant that is also a weight or a bias is treated as that only: it has one set of integers.
   */
  private SortedMap<String, TensorQuery> operands(SortedMap<String, PlacedTensors.Left> inFloat) {
    Set<String> elsewhere = new HashSet<>(markedWeights);
    List<QuantizableNode> all = new ArrayList<>(weighted.values());
    all.addAll(normalizations);
    for (QuantizableNode node : all) {
      elsewhere.add(node.weight());
      target.biasOf(node).ifPresent(elsewhere::add);
    }
    SortedMap<String, TensorQuery> queries = new TreeMap<>();
    operands.forEach(
        (constant, nodes) -> {
          TensorQuery query = query(constant, Role.WEIGHT, List.copyOf(nodes), false);
          Optional<String> reason = recipe.reasonToLeave(constant);
          if (reason.isPresent()) {
            inFloat.put(constant, new PlacedTensors.Left(query, reason.get()));
          } else if (!elsewhere.contains(constant)) {
            queries.put(constant, query.with(Nature.OPERAND));
          }
        });
    return queries;
  }

  private TensorQuery query(String tensor) {
    List<GraphNode> consumers =
        readers.getOrDefault(tensor, List.of()).stream()
            .filter(n -> n.inputs().contains(tensor) && !staysFloat(n))
            .toList();
    boolean output = graph.outputs().contains(tensor) && !graph.inputs().contains(tensor);
    return query(tensor, Role.ACTIVATION, consumers, output);
  }

  /**
   * Whether a product reads everything in float: with a quantized input the runtime would quantize
   * its weight and bias by its own rules.
   */
  private boolean staysFloat(GraphNode node) {
    return leftNodes.contains(node.node());
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
