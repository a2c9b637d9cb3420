package dev.tare.engine.onnx;

import dev.tare.engine.onnx.graph.Nodes;
import dev.tare.engine.onnx.proto.GraphProto;
import dev.tare.engine.onnx.proto.NodeProto;
import java.util.HashSet;
import java.util.Set;

/**
 * Node names that ONNX Runtime takes: it refuses two nodes of one name in a graph. A node may have
 * none, and two graphs may use the same.
 */
public final class NodeNames {

  private NodeNames() {}

  /** Whether some graph of a model, the bodies of its nodes included, uses a name twice. */
  public static boolean repeated(GraphProto graph) {
    Set<String> seen = new HashSet<>();
    for (NodeProto node : graph.getNodeList()) {
      if (!node.getName().isEmpty() && !seen.add(node.getName())) {
        return true;
      }
      if (Nodes.subgraphs(node).stream().anyMatch(NodeNames::repeated)) {
        return true;
      }
    }
    return false;
  }

  /**
   * The graph with the names of {@link Nodes#names} in each graph that uses one twice; the same
   * instance where none does.
   */
  public static GraphProto distinct(GraphProto graph) {
    if (!repeated(graph)) {
      return graph;
    }
    Set<String> seen = new HashSet<>();
    boolean own =
        graph.getNodeList().stream()
            .map(NodeProto::getName)
            .anyMatch(name -> !name.isEmpty() && !seen.add(name));
    GraphProto named = own ? Nodes.named(graph, Nodes.names(graph.getNodeList())) : graph;
    GraphProto.Builder builder = named.toBuilder();
    for (int i = 0; i < named.getNodeCount(); i++) {
      builder.setNode(i, Nodes.withSubgraphs(named.getNode(i), NodeNames::distinct));
    }
    return builder.build();
  }
}
