package dev.tare.engine.onnx.graph;

import dev.tare.engine.onnx.proto.AttributeProto;
import dev.tare.engine.onnx.proto.GraphProto;
import dev.tare.engine.onnx.proto.NodeProto;
import java.util.ArrayList;
import java.util.List;

/** Visits the nodes inside bodies of If, Loop and Scan, outer bodies first. */
public final class Bodies {

  /** Handles a node of a body. */
  public interface Visitor {
    /**
     * Returns the node or its replacement.
     *
     * @param name unique in the model
     * @param scope constants visible in the body
     */
    NodeProto visit(NodeProto node, String name, ConstantScope scope);
  }

  private final FreshNames taken;
  private final Visitor visitor;

  /**
   * @param taken names used in the main graph and all bodies, which paths of bodies must avoid
   */
  public Bodies(FreshNames taken, Visitor visitor) {
    this.taken = taken;
    this.visitor = visitor;
  }

  /** Visits the bodies of a node; returns the same instance if nothing is replaced. */
  public NodeProto within(NodeProto node, String name, ConstantScope scope) {
    if (Nodes.subgraphs(node).isEmpty()) {
      return node;
    }
    NodeProto.Builder builder = node.toBuilder();
    boolean changed = false;
    for (int a = 0; a < node.getAttributeCount(); a++) {
      AttributeProto attribute = node.getAttribute(a);
      String path = name + "/" + attribute.getName();
      AttributeProto.Builder visited = attribute.toBuilder();
      if (attribute.hasG()) {
        visited.setG(body(attribute.getG(), path, scope));
      }
      for (int g = 0; g < attribute.getGraphsCount(); g++) {
        visited.setGraphs(g, body(attribute.getGraphs(g), path + "/" + g, scope));
      }
      AttributeProto built = visited.build();
      if (!built.equals(attribute)) {
        builder.setAttribute(a, built);
        changed = true;
      }
    }
    return changed ? builder.build() : node;
  }

  private GraphProto body(GraphProto graph, String path, ConstantScope outer) {
    ConstantScope scope = outer.inner(graph, taken.freshPrefix(path));
    List<String> names = Nodes.names(graph.getNodeList());
    List<NodeProto> nodes = new ArrayList<>(graph.getNodeList());
    for (int i = 0; i < nodes.size(); i++) {
      nodes.set(i, visitor.visit(nodes.get(i), scope.own(names.get(i)), scope));
    }
    boolean changed = false;
    for (int i = 0; i < nodes.size(); i++) {
      nodes.set(i, within(nodes.get(i), names.get(i), scope));
      changed |= !nodes.get(i).equals(graph.getNode(i));
    }
    return changed ? new DeadConstants(graph, nodes).removed() : graph;
  }
}
