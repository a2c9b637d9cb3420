package dev.tare.engine.onnx.graph;

import dev.tare.engine.onnx.proto.GraphProto;
import dev.tare.engine.onnx.proto.NodeProto;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** Removes constants that were read before a rewrite and are no longer read after it. */
public final class DeadConstants {

  /** Constant nodes, and operators through which constants are resolved. */
  private static final Set<String> SOURCES =
      Set.of(
          "Cast",
          "Constant",
          "Flatten",
          "Identity",
          "Reshape",
          "Squeeze",
          "Transpose",
          "Unsqueeze");

  private final GraphProto original;
  private final List<NodeProto> nodes;

  /**
   * @param nodes the rewritten nodes in order
   */
  public DeadConstants(GraphProto original, List<NodeProto> nodes) {
    this.original = original;
    this.nodes = nodes;
  }

  /**
   * Returns the original graph with the rewritten nodes; costs one walk for each Identity in a
   * chain.
   */
  public GraphProto removed() {
    Set<String> before = Nodes.used(original.getNodeList(), original.getOutputList());
    Set<String> dead = new HashSet<>();
    List<NodeProto> kept = nodes;
    boolean found;
    do {
      Set<String> used = Nodes.used(kept, original.getOutputList());
      List<NodeProto> next =
          kept.stream().filter(n -> !isSource(n) || !dies(n.getOutput(0), before, used)).toList();
      found = next.size() < kept.size();
      kept = next;
    } while (found);
    Set<String> used = Nodes.used(kept, original.getOutputList());
    original.getInitializerList().stream()
        .map(t -> t.getName())
        .filter(name -> dies(name, before, used))
        .forEach(dead::add);
    nodes.stream()
        .filter(n -> isSource(n) && dies(n.getOutput(0), before, used))
        .forEach(n -> dead.add(n.getOutput(0)));

    GraphProto.Builder graph = original.toBuilder().clearNode().addAllNode(kept);
    graph.clearInitializer().clearInput().clearValueInfo();
    original.getInitializerList().stream()
        .filter(t -> !dead.contains(t.getName()))
        .forEach(graph::addInitializer);
    original.getInputList().stream()
        .filter(i -> !dead.contains(i.getName()))
        .forEach(graph::addInput);
    original.getValueInfoList().stream()
        .filter(v -> !dead.contains(v.getName()))
        .forEach(graph::addValueInfo);
    return graph.build();
  }

  private static boolean isSource(NodeProto node) {
    return node.getOutputCount() == 1
        && Nodes.isStandard(node)
        && SOURCES.contains(node.getOpType());
  }

  private static boolean dies(String name, Set<String> before, Set<String> used) {
    return before.contains(name) && !used.contains(name);
  }
}
