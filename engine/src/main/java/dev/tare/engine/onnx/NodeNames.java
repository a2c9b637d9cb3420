package dev.tare.engine.onnx;

import dev.tare.engine.onnx.proto.AttributeProto;
import dev.tare.engine.onnx.proto.GraphProto;
import dev.tare.engine.onnx.proto.NodeProto;
import java.util.HashSet;
import java.util.Set;

/**
 * Node names that ONNX Runtime takes: it refuses two nodes of one name in a graph. A node may have
 * none, and two graphs may use the same.
 */
final class NodeNames {

  private NodeNames() {}

  /** Whether some graph of a model, the bodies of its nodes included, uses a name twice. */
  static boolean repeated(GraphProto graph) {
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
  static GraphProto distinct(GraphProto graph) {
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
      if (!Nodes.subgraphs(named.getNode(i)).isEmpty()) {
        builder.setNode(i, withDistinctBodies(named.getNode(i)));
      }
    }
    return builder.build();
  }

  private static NodeProto withDistinctBodies(NodeProto node) {
    NodeProto.Builder builder = node.toBuilder();
    for (int i = 0; i < node.getAttributeCount(); i++) {
      AttributeProto.Builder attribute = node.getAttribute(i).toBuilder();
      if (attribute.hasG()) {
        attribute.setG(distinct(attribute.getG()));
      }
      for (int g = 0; g < attribute.getGraphsCount(); g++) {
        attribute.setGraphs(g, distinct(attribute.getGraphs(g)));
      }
      builder.setAttribute(i, attribute);
    }
    return builder.build();
  }
}
