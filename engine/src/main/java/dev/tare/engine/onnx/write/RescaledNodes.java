package dev.tare.engine.onnx.write;

import dev.tare.engine.graph.AttentionResult;
import dev.tare.engine.graph.QuantizableNode;
import dev.tare.engine.onnx.OnnxModel;
import dev.tare.engine.onnx.graph.FreshNames;
import dev.tare.engine.onnx.graph.Nodes;
import dev.tare.engine.onnx.graph.TensorCodec;
import dev.tare.engine.onnx.proto.NodeProto;
import dev.tare.engine.onnx.view.OnnxGraph;
import dev.tare.engine.plan.SmoothedInput;
import dev.tare.engine.tensor.Shape;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/** The nodes of a model while channels of their tensors are rescaled. Not thread-safe. */
final class RescaledNodes {

  private final OnnxModel model;
  private final List<NodeProto> before;
  private final List<NodeProto> nodes;
  private final FreshNames names;
  private final OnnxGraph graph;
  private final RescaledConstants constants;
  private final Map<String, QuantizableNode> products = new HashMap<>();
  private final Map<String, Integer> indexes = new HashMap<>();
  private final Map<String, Set<String>> readers = new HashMap<>();
  private final Map<Integer, List<NodeProto>> insertions = new HashMap<>();
  private Map<String, AttentionResult> attention;

  RescaledNodes(OnnxModel model) {
    this.model = model;
    this.before = Nodes.named(model.graph(), model.nodeNames()).getNodeList();
    this.nodes = new ArrayList<>(before);
    this.names = new FreshNames(model.graph());
    this.graph = OnnxGraph.of(model);
    this.constants = new RescaledConstants(graph, names);
    graph.nodes().forEach(node -> products.put(node.node(), node));
    for (int i = 0; i < nodes.size(); i++) {
      String name = model.nodeNames().get(i);
      indexes.put(name, i);
      Nodes.reads(nodes.get(i))
          .forEach(t -> readers.computeIfAbsent(t, k -> new TreeSet<>()).add(name));
    }
    // The caller of the model reads them too, under a name that no node has.
    model
        .graph()
        .getOutputList()
        .forEach(o -> readers.computeIfAbsent(o.getName(), k -> new TreeSet<>()).add(""));
  }

  FreshNames names() {
    return names;
  }

  RescaledConstants constants() {
    return constants;
  }

  Optional<QuantizableNode> product(String node) {
    return Optional.ofNullable(products.get(node));
  }

  /** The place of a node in graph order; -1 if there is none. */
  int index(String node) {
    return indexes.getOrDefault(node, -1);
  }

  NodeProto at(int index) {
    return nodes.get(index);
  }

  /** Nodes that read a tensor before any change; an empty name for the caller of the model. */
  Set<String> readers(String tensor) {
    return readers.getOrDefault(tensor, Set.of());
  }

  /**
   * Whether before any change just these nodes read more of a tensor than its shape, each as one of
   * its operands.
   */
  boolean readOnce(String tensor, Set<String> names) {
    Set<String> reading = new TreeSet<>(readers(tensor));
    reading.removeIf(name -> !name.isEmpty() && Nodes.is(at(index(name)), "Shape"));
    return reading.equals(names)
        && names.stream()
            .map(name -> before.get(index(name)).getInputList())
            .allMatch(inputs -> Collections.frequency(inputs, tensor) == 1);
  }

  /** Gives what a node computes another name, also for those that read its shape. */
  void rename(int index, String tensor) {
    for (String name : readers(at(index).getOutput(0))) {
      if (!name.isEmpty() && Nodes.is(at(index(name)), "Shape")) {
        read(index(name), 0, tensor);
      }
    }
    write(index, tensor);
  }

  /** Results of attention before any change, by name. */
  Map<String, AttentionResult> attention() {
    if (attention == null) {
      attention = graph.attention();
    }
    return attention;
  }

  /** The float constant that a node reads, by the name under which it is stored. */
  Optional<String> constant(String input) {
    return model.constants().resolve(input);
  }

  /** The float constant that an operand of a node read before any change. */
  Optional<String> constant(int index, int input) {
    return constants.origin(index, input).or(() -> constant(Nodes.input(nodes.get(index), input)));
  }

  FloatBuffer values(String constant) {
    return graph.constant(constant).floats();
  }

  Shape shape(String constant) {
    return graph.constant(constant).shape();
  }

  void read(int index, int input, String tensor) {
    nodes.set(index, nodes.get(index).toBuilder().setInput(input, tensor).build());
  }

  /** Lets a node read one more tensor, behind those that it reads, which may be omitted ones. */
  void append(int index, int input, String tensor) {
    NodeProto.Builder node = nodes.get(index).toBuilder();
    while (node.getInputCount() <= input) {
      node.addInput("");
    }
    nodes.set(index, node.setInput(input, tensor).build());
  }

  /** Lets a node read a changed constant, as {@link RescaledConstants#change}. */
  void change(
      int index,
      int input,
      String origin,
      Shape shape,
      String suffix,
      RescaledConstants.Change change) {
    read(index, input, constants.change(index, input, origin, shape, suffix, change));
  }

  void write(int index, String tensor) {
    nodes.set(index, nodes.get(index).toBuilder().setOutput(0, tensor).build());
  }

  /** Adds a constant to a tensor, right before a node. */
  void add(String tensor, float[] values, String result, int place) {
    inserted(place).add(sum(tensor, values, result));
  }

  /**
   * Adds a constant to what a node computes, right behind it: before all that was inserted there,
   * which may read the sum.
   */
  void addBehind(int index, String tensor, float[] values, String result) {
    inserted(index + 1).add(0, sum(tensor, values, result));
  }

  private NodeProto sum(String tensor, float[] values, String result) {
    String stored =
        constants.add(
            TensorCodec.floats(
                names.fresh(result + "_offsets"), List.of((long) values.length), values));
    return node("Add", tensor, stored, result);
  }

  /** Multiplies a tensor, right before a node, or behind the last. */
  void multiply(String tensor, Factors factors, String result, int place) {
    String stored =
        constants.add(
            TensorCodec.floats(
                names.fresh(result + "_factors"), factors.shape().dims(), factors.values()));
    inserted(place).add(node("Mul", tensor, stored, result));
  }

  private List<NodeProto> inserted(int place) {
    return insertions.computeIfAbsent(place, i -> new ArrayList<>(1));
  }

  private NodeProto node(String operator, String tensor, String stored, String result) {
    return NodeProto.newBuilder()
        .setName(names.fresh(result + "_" + operator))
        .setOpType(operator)
        .addInput(tensor)
        .addInput(stored)
        .addOutput(result)
        .build();
  }

  List<NodeProto> inOrder() {
    List<NodeProto> sequence = new ArrayList<>();
    for (int i = 0; i < nodes.size(); i++) {
      sequence.addAll(insertions.getOrDefault(i, List.of()));
      sequence.add(nodes.get(i));
    }
    sequence.addAll(insertions.getOrDefault(nodes.size(), List.of()));
    return sequence;
  }

  /** What the name of a constant or tensor gets that changes with an input. */
  static String suffix(SmoothedInput input) {
    return input.axis() == 1 ? SmoothedInput.EQUALIZED : SmoothedInput.SMOOTHED;
  }

  static void require(boolean condition, SmoothedInput input, String otherwise) {
    if (!condition) {
      throw new IllegalArgumentException(
          "Cannot smooth input '%s' to '%s': %s"
              .formatted(input.tensor(), input.result(), otherwise));
    }
  }
}
