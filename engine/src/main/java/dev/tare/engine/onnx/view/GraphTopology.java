package dev.tare.engine.onnx.view;

import dev.tare.engine.graph.GraphNode;
import dev.tare.engine.graph.Topology;
import dev.tare.engine.onnx.graph.Constants;
import dev.tare.engine.onnx.graph.Nodes;
import dev.tare.engine.onnx.graph.Ranks;
import dev.tare.engine.onnx.graph.TensorCodec;
import dev.tare.engine.onnx.graph.TensorTypes;
import dev.tare.engine.onnx.proto.GraphProto;
import dev.tare.engine.onnx.proto.NodeProto;
import dev.tare.engine.onnx.proto.TensorProto;
import dev.tare.engine.onnx.proto.ValueInfoProto;
import dev.tare.engine.tensor.DType;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.NavigableSet;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeSet;

/** Reads the topology of a graph: which nodes read and compute which tensors. */
final class GraphTopology {

  /** No runtime has tensors of more. */
  private static final int MOST_AXES = 64;

  private final GraphProto graph;
  private final Constants constants;
  private final TensorTypes types;

  /** Made for the first Concat: few graphs need it. */
  private Ranks ranks;

  private GraphTopology(GraphProto graph, Constants constants) {
    this.graph = graph;
    this.constants = constants;
    this.types = TensorTypes.of(graph);
  }

  /**
   * @param names unique names of the nodes
   */
  static Topology of(GraphProto graph, Constants constants, List<String> names) {
    return new GraphTopology(graph, constants).read(names);
  }

  /**
   * Returns inputs and computed tensors, without constants and tensors computed only from
   * constants.
   */
  static NavigableSet<String> computed(GraphProto graph, Constants constants) {
    NavigableSet<String> names = new TreeSet<>();
    graph.getInputList().stream()
        .map(ValueInfoProto::getName)
        .filter(name -> !constants.contains(name))
        .forEach(names::add);
    Set<String> folded = new HashSet<>();
    for (NodeProto node : graph.getNodeList()) {
      boolean constant =
          Nodes.reads(node).stream().allMatch(r -> constants.contains(r) || folded.contains(r))
              && !node.getOpType().startsWith("Random");
      (constant ? folded : names).addAll(node.getOutputList());
    }
    names.remove("");
    return names;
  }

  private Topology read(List<String> names) {
    List<GraphNode> nodes = new ArrayList<>(graph.getNodeCount());
    Map<String, String> floatConstants = new HashMap<>();
    for (int i = 0; i < graph.getNodeCount(); i++) {
      NodeProto node = graph.getNode(i);
      nodes.add(node(node, names.get(i)));
      for (String input : node.getInputList()) {
        constants
            .resolve(input)
            .filter(name -> isFloat(constants.find(name).orElseThrow()))
            .ifPresent(name -> floatConstants.put(input, name));
      }
    }
    Set<String> floats = computed(graph, constants);
    floats.removeIf(name -> !types.isFloat(name));
    Set<String> inputs = new HashSet<>();
    graph.getInputList().forEach(input -> inputs.add(input.getName()));
    Set<String> outputs = new HashSet<>();
    graph.getOutputList().forEach(output -> outputs.add(output.getName()));
    return new Topology(nodes, floats, floatConstants, inputs, outputs);
  }

  private static boolean isFloat(TensorProto tensor) {
    return tensor.getDataType() == DType.FLOAT32.onnxCode()
        && TensorCodec.held(tensor)
        && TensorCodec.shape(tensor).size() > 0;
  }

  private GraphNode node(NodeProto node, String name) {
    Set<String> captured = new TreeSet<>();
    Nodes.subgraphs(node).forEach(body -> captured.addAll(Nodes.captured(body)));
    String prefix = Nodes.isStandard(node) ? "" : node.getDomain() + ".";
    return new GraphNode(
        name,
        prefix + node.getOpType(),
        node.getInputList(),
        List.copyOf(captured),
        node.getOutputList(),
        Nodes.is(node, "Pad") && keepsValues(node),
        Nodes.is(node, "Concat") ? axis(node) : OptionalInt.empty());
  }

  /** The axis of a Concat, from the back where the rank of what it joins is known. */
  private OptionalInt axis(NodeProto concat) {
    long stored = Nodes.intAttribute(concat, "axis", MOST_AXES);
    if (stored < -MOST_AXES || stored >= MOST_AXES) {
      return OptionalInt.empty();
    }
    int axis = (int) stored;
    if (axis < 0) {
      return OptionalInt.of(axis);
    }
    if (ranks == null) {
      ranks = Ranks.of(graph, constants);
    }
    Optional<Integer> rank =
        concat.getInputList().stream().map(ranks::find).flatMap(Optional::stream).findFirst();
    return OptionalInt.of(rank.map(own -> axis - own).orElse(axis));
  }

  /** Whether a Pad repeats its input or adds zeros, which every range contains. */
  private boolean keepsValues(NodeProto pad) {
    String mode = Nodes.attribute(pad, "mode").map(a -> a.getS().toStringUtf8()).orElse("constant");
    if (!mode.equals("constant")) {
      return true;
    }
    String value = Nodes.input(pad, 2);
    if (value.isEmpty()) {
      return Nodes.floatAttribute(pad, "value", 0f) == 0;
    }
    Optional<TensorProto> constant = constants.resolve(value).flatMap(constants::find);
    return constant
        .filter(GraphTopology::isFloat)
        .filter(tensor -> TensorCodec.decode(tensor).toFloatArray()[0] == 0)
        .isPresent();
  }
}
