package dev.tare.engine.onnx.graph;

import dev.tare.engine.onnx.proto.AttributeProto;
import dev.tare.engine.onnx.proto.GraphProto;
import dev.tare.engine.onnx.proto.NodeProto;
import dev.tare.engine.onnx.proto.TensorProto;
import dev.tare.engine.onnx.proto.ValueInfoProto;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.UnaryOperator;

/** Accessors for nodes used in many places: domain, attributes, subgraphs, names. */
public final class Nodes {

  private Nodes() {}

  /** Normalizes a domain: both spellings of the default one become the empty string. */
  public static String domain(String domain) {
    return domain.equals("ai.onnx") ? "" : domain;
  }

  public static boolean isStandard(NodeProto node) {
    return domain(node.getDomain()).isEmpty();
  }

  public static boolean is(NodeProto node, String opType) {
    return isStandard(node) && node.getOpType().equals(opType);
  }

  /** Returns the input at a position, or the empty string for an omitted optional one. */
  public static String input(NodeProto node, int index) {
    return index < node.getInputCount() ? node.getInput(index) : "";
  }

  public static Optional<AttributeProto> attribute(NodeProto node, String name) {
    return node.getAttributeList().stream().filter(a -> a.getName().equals(name)).findFirst();
  }

  public static long intAttribute(NodeProto node, String name, long absent) {
    return attribute(node, name).map(AttributeProto::getI).orElse(absent);
  }

  public static float floatAttribute(NodeProto node, String name, float absent) {
    return attribute(node, name).map(AttributeProto::getF).orElse(absent);
  }

  public static NodeProto.Builder withoutAttribute(NodeProto node, String name) {
    NodeProto.Builder builder = node.toBuilder().clearAttribute();
    node.getAttributeList().stream()
        .filter(a -> !a.getName().equals(name))
        .forEach(builder::addAttribute);
    return builder;
  }

  public static AttributeProto intAttribute(String name, long value) {
    return AttributeProto.newBuilder()
        .setName(name)
        .setType(AttributeProto.AttributeType.INT)
        .setI(value)
        .build();
  }

  public static AttributeProto floatAttribute(String name, float value) {
    return AttributeProto.newBuilder()
        .setName(name)
        .setType(AttributeProto.AttributeType.FLOAT)
        .setF(value)
        .build();
  }

  public static List<GraphProto> subgraphs(NodeProto node) {
    List<GraphProto> graphs = new ArrayList<>(0);
    for (AttributeProto attribute : node.getAttributeList()) {
      if (attribute.hasG()) {
        graphs.add(attribute.getG());
      }
      graphs.addAll(attribute.getGraphsList());
    }
    return graphs;
  }

  /** Returns the node with each of its subgraphs replaced; the node itself if it has none. */
  public static NodeProto withSubgraphs(NodeProto node, UnaryOperator<GraphProto> change) {
    if (subgraphs(node).isEmpty()) {
      return node;
    }
    NodeProto.Builder builder = node.toBuilder();
    for (int i = 0; i < node.getAttributeCount(); i++) {
      AttributeProto.Builder attribute = node.getAttribute(i).toBuilder();
      if (attribute.hasG()) {
        attribute.setG(change.apply(attribute.getG()));
      }
      for (int g = 0; g < attribute.getGraphsCount(); g++) {
        attribute.setGraphs(g, change.apply(attribute.getGraphs(g)));
      }
      builder.setAttribute(i, attribute);
    }
    return builder.build();
  }

  /**
   * Returns everything that a node reads from its graph: its inputs, and what its subgraphs
   * capture.
   */
  public static Set<String> reads(NodeProto node) {
    Set<String> names = new LinkedHashSet<>(node.getInputList());
    names.remove("");
    subgraphs(node).forEach(graph -> names.addAll(captured(graph)));
    return names;
  }

  /** Returns names that a subgraph uses but does not define: those of enclosing graphs. */
  public static Set<String> captured(GraphProto graph) {
    Set<String> free = new LinkedHashSet<>();
    graph.getNodeList().forEach(node -> free.addAll(reads(node)));
    graph.getOutputList().forEach(output -> free.add(output.getName()));
    free.removeAll(defined(graph));
    return free;
  }

  /** Names that a graph gives to tensors of its own. */
  static Set<String> defined(GraphProto graph) {
    Set<String> names = new HashSet<>();
    graph.getInputList().stream().map(ValueInfoProto::getName).forEach(names::add);
    graph.getInitializerList().stream().map(TensorProto::getName).forEach(names::add);
    graph.getNodeList().forEach(node -> names.addAll(node.getOutputList()));
    return names;
  }

  /** Returns every tensor that is read by nodes, subgraphs, or as a graph output. */
  static Set<String> used(Iterable<NodeProto> nodes, List<ValueInfoProto> outputs) {
    Set<String> used = new HashSet<>();
    nodes.forEach(node -> used.addAll(reads(node)));
    outputs.forEach(output -> used.add(output.getName()));
    return used;
  }

  /** The graph with the given names written into its nodes. */
  public static GraphProto named(GraphProto graph, List<String> names) {
    GraphProto.Builder builder = graph.toBuilder();
    for (int i = 0; i < graph.getNodeCount(); i++) {
      if (!graph.getNode(i).getName().equals(names.get(i))) {
        builder.setNode(i, graph.getNode(i).toBuilder().setName(names.get(i)));
      }
    }
    return builder.build();
  }

  /**
   * Returns unique names of nodes: their own, {@code OpType#index} for a node without name, or
   * {@code name#index} if an earlier node has the same; underscores are appended while the name is
   * taken.
   */
  public static List<String> names(List<NodeProto> nodes) {
    Map<String, Integer> first = new HashMap<>();
    for (int i = 0; i < nodes.size(); i++) {
      if (!nodes.get(i).getName().isEmpty()) {
        first.putIfAbsent(nodes.get(i).getName(), i);
      }
    }
    List<String> names = new ArrayList<>(nodes.size());
    for (int i = 0; i < nodes.size(); i++) {
      String own = nodes.get(i).getName();
      if (!own.isEmpty() && first.get(own) == i) {
        names.add(own);
        continue;
      }
      String name = (own.isEmpty() ? nodes.get(i).getOpType() : own) + "#" + i;
      while (first.putIfAbsent(name, i) != null) {
        name += "_";
      }
      names.add(name);
    }
    return List.copyOf(names);
  }
}
