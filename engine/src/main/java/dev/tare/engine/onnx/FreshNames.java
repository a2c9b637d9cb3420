package dev.tare.engine.onnx;

import dev.tare.engine.onnx.proto.GraphProto;
import dev.tare.engine.onnx.proto.NodeProto;
import java.util.HashSet;
import java.util.Set;

/** Hands out names that nothing in a model has, subgraphs included. Not thread-safe. */
final class FreshNames {

  private final Set<String> taken = new HashSet<>();

  FreshNames(GraphProto graph) {
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

  /** The wanted name, or the first of {@code wanted_1, wanted_2, ...} that is free. */
  String fresh(String wanted) {
    String name = wanted;
    for (int n = 1; !taken.add(name); n++) {
      name = wanted + "_" + n;
    }
    return name;
  }
}
