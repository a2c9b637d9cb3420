package dev.tare.engine.onnx.graph;

import dev.tare.engine.onnx.proto.GraphProto;
import dev.tare.engine.onnx.proto.NodeProto;
import java.util.NavigableSet;
import java.util.TreeSet;

/** Creates names that are unused in a model, subgraphs included. Not thread-safe. */
public final class FreshNames {

  /** Sorted, so that names with a prefix are found without scanning all. */
  private final NavigableSet<String> taken = new TreeSet<>();

  public FreshNames(GraphProto graph) {
    collect(graph);
  }

  private void collect(GraphProto graph) {
    graph.getInputList().forEach(i -> taken.add(i.getName()));
    graph.getOutputList().forEach(o -> taken.add(o.getName()));
    graph.getValueInfoList().forEach(v -> taken.add(v.getName()));
    graph.getInitializerList().forEach(t -> taken.add(t.getName()));
    for (NodeProto node : graph.getNodeList()) {
      taken.add(node.getName());
      taken.addAll(node.getInputList());
      taken.addAll(node.getOutputList());
      Nodes.subgraphs(node).forEach(this::collect);
    }
  }

  /**
   * Returns the wanted prefix followed by a slash, with underscores before it while it is in use.
   */
  String freshPrefix(String wanted) {
    String prefix = wanted + "/";
    while (startsAny(prefix)) {
      prefix = prefix.substring(0, prefix.length() - 1) + "_/";
    }
    return prefix;
  }

  private boolean startsAny(String prefix) {
    String next = taken.ceiling(prefix);
    return next != null && next.startsWith(prefix);
  }

  /** Returns the wanted name, or the first of {@code wanted_1, wanted_2, ...} that is free. */
  public String fresh(String wanted) {
    String name = wanted;
    for (int n = 1; !taken.add(name); n++) {
      name = wanted + "_" + n;
    }
    return name;
  }
}
