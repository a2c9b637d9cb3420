package dev.tare.engine.onnx.opset;

import dev.tare.engine.onnx.graph.Constants;
import dev.tare.engine.onnx.graph.FreshNames;
import dev.tare.engine.onnx.graph.Nodes;
import dev.tare.engine.onnx.graph.Ranks;
import dev.tare.engine.onnx.graph.TensorCodec;
import dev.tare.engine.onnx.proto.AttributeProto;
import dev.tare.engine.onnx.proto.GraphProto;
import dev.tare.engine.onnx.proto.NodeProto;
import dev.tare.engine.onnx.proto.TensorProto;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Collects the new nodes and constants of one graph, in order. Not thread-safe. */
final class GraphRewrite {

  private final GraphProto original;
  private final Constants constants;
  private final FreshNames names;
  private final Ranks ranks;
  private final List<NodeProto> nodes = new ArrayList<>();
  private final List<TensorProto> added = new ArrayList<>();

  GraphRewrite(GraphProto original, Constants constants, FreshNames names) {
    this.original = original;
    this.constants = constants;
    this.names = names;
    this.ranks = Ranks.of(original, constants);
  }

  void add(NodeProto node) {
    nodes.add(node);
  }

  /** Returns a free tensor name, derived from the node's first output. */
  String tensor(NodeProto node, String suffix) {
    return names.fresh(node.getOutput(0) + "_" + suffix);
  }

  String longs(NodeProto node, String suffix, List<Long> values) {
    String name = tensor(node, suffix);
    added.add(TensorCodec.longs(name, values));
    return name;
  }

  String floats(NodeProto node, String suffix, List<Float> values) {
    String name = tensor(node, suffix);
    float[] array = new float[values.size()];
    for (int i = 0; i < array.length; i++) {
      array[i] = values.get(i);
    }
    added.add(TensorCodec.floats(name, List.of((long) array.length), array));
    return name;
  }

  String integer(NodeProto node, String suffix, long value) {
    String name = tensor(node, suffix);
    added.add(TensorCodec.longs(name, List.of(value)).toBuilder().clearDims().build());
    return name;
  }

  /** Returns the node with a list of integers moved from an attribute to a new input. */
  NodeProto attributeToInput(NodeProto node, String name) {
    Optional<AttributeProto> attribute = Nodes.attribute(node, name);
    if (attribute.isEmpty()) {
      return node;
    }
    String input = longs(node, name, attribute.get().getIntsList());
    return Nodes.withoutAttribute(node, name).addInput(input).build();
  }

  String scalar(NodeProto node, String suffix, float value) {
    String name = tensor(node, suffix);
    added.add(TensorCodec.floats(name, List.of(), value));
    return name;
  }

  String node(String opType, NodeProto origin, String suffix, String input) {
    return node(origin, suffix, NodeProto.newBuilder().setOpType(opType).addInput(input));
  }

  String node(
      String opType, NodeProto origin, String suffix, AttributeProto attribute, String input) {
    return node(
        origin,
        suffix,
        NodeProto.newBuilder().setOpType(opType).addInput(input).addAttribute(attribute));
  }

  /** Adds a node with one output, named after the output of the origin. */
  String node(NodeProto origin, String suffix, NodeProto.Builder node) {
    String output = tensor(origin, suffix);
    nodes.add(node.setName(output).addOutput(output).build());
    return output;
  }

  Optional<TensorProto> constant(String name) {
    return constants.resolve(name).flatMap(constants::find);
  }

  /** Whether anything in the original graph reads a tensor: a node, a body, or the caller. */
  boolean read(String tensor) {
    return !tensor.isEmpty()
        && (original.getOutputList().stream().anyMatch(o -> o.getName().equals(tensor))
            || original.getNodeList().stream().anyMatch(n -> Nodes.reads(n).contains(tensor)));
  }

  /** Number of dimensions, if it is known. */
  Optional<Integer> rank(String tensor) {
    return ranks.find(tensor);
  }

  GraphProto build() {
    return original.toBuilder().clearNode().addAllNode(nodes).addAllInitializer(added).build();
  }
}
