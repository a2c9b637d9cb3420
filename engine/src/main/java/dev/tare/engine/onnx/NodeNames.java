package dev.tare.engine.onnx;

import dev.tare.engine.onnx.graph.Nodes;
import dev.tare.engine.onnx.proto.GraphProto;
import dev.tare.engine.onnx.proto.NodeProto;
import java.util.HashSet;
import java.util.Set;

/**
 * Makes node names unique in a graph, since ONNX Runtime refuses two nodes of one name. A node may
 * have no name, and two graphs may use the same.
 */
public final class NodeNames {

  private NodeNames() {}

  /** Whether a graph, or the body of a node inside, uses a name twice. */
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
   * Returns the graph with the names of {@link Nodes#names} in each graph that uses one twice; the
   * same instance if none does.
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
