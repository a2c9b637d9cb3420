package dev.tare.engine.onnx;

import dev.tare.engine.onnx.graph.FreshNames;
import dev.tare.engine.onnx.graph.Nodes;
import dev.tare.engine.onnx.proto.GraphProto;
import dev.tare.engine.onnx.proto.NodeProto;
import java.util.Collections;
import java.util.NavigableSet;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Aliases for tensors whose names cannot cross JNI, which encodes U+0000 and characters beyond
 * U+FFFF in its own way; C also ends a name at U+0000.
 */
final class TensorAliases {

  private final SortedMap<String, String> aliases;

  private TensorAliases(SortedMap<String, String> aliases) {
    this.aliases = Collections.unmodifiableSortedMap(aliases);
  }

  /** Creates aliases for all such names of a model; equal models get equal ones. */
  static TensorAliases of(GraphProto graph) {
    NavigableSet<String> unsafe = new TreeSet<>();
    collect(graph, unsafe);
    SortedMap<String, String> aliases = new TreeMap<>();
    if (!unsafe.isEmpty()) {
      FreshNames names = new FreshNames(graph);
      unsafe.forEach(name -> aliases.put(name, names.fresh(spelled(name))));
    }
    return new TensorAliases(aliases);
  }

  /** Returns the aliases by original name. */
  SortedMap<String, String> byName() {
    return aliases;
  }

  private static boolean crosses(String name) {
    return name.chars().noneMatch(c -> c == 0 || Character.isSurrogate((char) c));
  }

  private static String spelled(String name) {
    StringBuilder spelled = new StringBuilder();
    name.codePoints()
        .forEach(
            c -> {
              if (c == 0 || c > Character.MAX_VALUE) {
                spelled.append("U+%04X".formatted(c));
              } else {
                spelled.appendCodePoint(c);
              }
            });
    return spelled.toString();
  }

  private static void collect(GraphProto graph, NavigableSet<String> unsafe) {
    graph.getInputList().forEach(i -> add(i.getName(), unsafe));
    graph.getInitializerList().forEach(t -> add(t.getName(), unsafe));
    graph.getOutputList().forEach(o -> add(o.getName(), unsafe));
    for (NodeProto node : graph.getNodeList()) {
      node.getInputList().forEach(name -> add(name, unsafe));
      node.getOutputList().forEach(name -> add(name, unsafe));
      Nodes.subgraphs(node).forEach(body -> collect(body, unsafe));
    }
  }

  private static void add(String name, NavigableSet<String> unsafe) {
    if (!crosses(name)) {
      unsafe.add(name);
    }
  }

  private String alias(String name) {
    return aliases.getOrDefault(name, name);
  }

  /**
   * Returns the graph with every aliased tensor renamed. Aliases are unused names, so the scopes of
   * bodies do not change.
   */
  GraphProto renamed(GraphProto graph) {
    if (aliases.isEmpty()) {
      return graph;
    }
    GraphProto.Builder builder = graph.toBuilder();
    builder.getInputBuilderList().forEach(i -> i.setName(alias(i.getName())));
    builder.getOutputBuilderList().forEach(o -> o.setName(alias(o.getName())));
    builder.getValueInfoBuilderList().forEach(v -> v.setName(alias(v.getName())));
    for (int i = 0; i < graph.getInitializerCount(); i++) {
      String name = graph.getInitializer(i).getName();
      if (aliases.containsKey(name)) {
        builder.setInitializer(i, graph.getInitializer(i).toBuilder().setName(alias(name)));
      }
    }
    for (int i = 0; i < graph.getNodeCount(); i++) {
      builder.setNode(i, renamed(graph.getNode(i)));
    }
    return builder.build();
  }

  private NodeProto renamed(NodeProto node) {
    NodeProto.Builder builder = node.toBuilder();
    for (int i = 0; i < node.getInputCount(); i++) {
      builder.setInput(i, alias(node.getInput(i)));
    }
    for (int i = 0; i < node.getOutputCount(); i++) {
      builder.setOutput(i, alias(node.getOutput(i)));
    }
    return Nodes.withSubgraphs(builder.build(), this::renamed);
  }
}
