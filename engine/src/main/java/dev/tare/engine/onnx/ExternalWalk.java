package dev.tare.engine.onnx;

import dev.tare.engine.onnx.graph.ExternalRegion;
import dev.tare.engine.onnx.proto.AttributeProto;
import dev.tare.engine.onnx.proto.GraphProto;
import dev.tare.engine.onnx.proto.ModelProto;
import dev.tare.engine.onnx.proto.NodeProto;
import dev.tare.engine.onnx.proto.TensorProto;
import java.util.Optional;

/**
 * Visits the tensors that store their data in other files, also in subgraphs, and rebuilds only
 * what changes. Sparse tensors and lists of tensors with external data are refused elsewhere.
 *
 * @param <E> what a visit may throw
 */
final class ExternalWalk<E extends Exception> {

  /**
   * Replaces a tensor.
   *
   * @param <E> what a visit may throw
   */
  interface Visitor<E extends Exception> {
    /**
     * Returns the replacement of a tensor; empty to keep it.
     *
     * @param what its name in messages
     * @param main whether it is an initializer of the main graph
     */
    Optional<TensorProto> visit(TensorProto tensor, String what, boolean main) throws E;
  }

  private final Visitor<E> visitor;

  ExternalWalk(Visitor<E> visitor) {
    this.visitor = visitor;
  }

  /** Visits all external tensors; returns the same instance if nothing changes. */
  ModelProto visit(ModelProto model) throws E {
    Optional<GraphProto> graph = visit(model.getGraph(), 0);
    return graph.isEmpty() ? model : model.toBuilder().setGraph(graph.get()).build();
  }

  private Optional<GraphProto> visit(GraphProto graph, int depth) throws E {
    GraphProto.Builder builder = null;
    for (int i = 0; i < graph.getInitializerCount(); i++) {
      TensorProto tensor = graph.getInitializer(i);
      Optional<TensorProto> visited =
          visit(tensor, "tensor '" + tensor.getName() + "'", depth == 0);
      if (visited.isPresent()) {
        builder = builder == null ? graph.toBuilder() : builder;
        builder.setInitializer(i, visited.get());
      }
    }
    for (int i = 0; i < graph.getNodeCount(); i++) {
      Optional<NodeProto> visited = visit(graph.getNode(i), depth);
      if (visited.isPresent()) {
        builder = builder == null ? graph.toBuilder() : builder;
        builder.setNode(i, visited.get());
      }
    }
    return Optional.ofNullable(builder).map(GraphProto.Builder::build);
  }

  private Optional<NodeProto> visit(NodeProto node, int depth) throws E {
    NodeProto.Builder builder = null;
    for (int i = 0; i < node.getAttributeCount(); i++) {
      Optional<AttributeProto> visited = visit(node.getAttribute(i), node, depth);
      if (visited.isPresent()) {
        builder = builder == null ? node.toBuilder() : builder;
        builder.setAttribute(i, visited.get());
      }
    }
    return Optional.ofNullable(builder).map(NodeProto.Builder::build);
  }

  private Optional<AttributeProto> visit(AttributeProto attribute, NodeProto node, int depth)
      throws E {
    AttributeProto.Builder builder = null;
    if (attribute.hasT()) {
      Optional<TensorProto> visited =
          visit(attribute.getT(), TensorCheck.what(attribute, node), false);
      if (visited.isPresent()) {
        builder = attribute.toBuilder().setT(visited.get());
      }
    }
    // Deeper nesting is refused elsewhere.
    int inner = depth + 1;
    if (attribute.hasG() && inner <= StructureCheck.MAX_DEPTH) {
      Optional<GraphProto> visited = visit(attribute.getG(), inner);
      if (visited.isPresent()) {
        builder = builder == null ? attribute.toBuilder() : builder;
        builder.setG(visited.get());
      }
    }
    for (int i = 0; i < attribute.getGraphsCount() && inner <= StructureCheck.MAX_DEPTH; i++) {
      Optional<GraphProto> visited = visit(attribute.getGraphs(i), inner);
      if (visited.isPresent()) {
        builder = builder == null ? attribute.toBuilder() : builder;
        builder.setGraphs(i, visited.get());
      }
    }
    return Optional.ofNullable(builder).map(AttributeProto.Builder::build);
  }

  private Optional<TensorProto> visit(TensorProto tensor, String what, boolean main) throws E {
    return ExternalRegion.isExternal(tensor) ? visitor.visit(tensor, what, main) : Optional.empty();
  }
}
