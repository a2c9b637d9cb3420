package dev.tare.engine.onnx;

import dev.tare.engine.onnx.proto.GraphProto;
import java.util.SortedMap;

/**
 * A model in a form that ONNX Runtime can open from Java: node names are unique in each graph, and
 * tensors whose names cannot cross JNI have aliases. It computes the same.
 *
 * @param model the model to open
 * @param aliases the name in {@code model} of each tensor that has a different one there
 */
public record SessionModel(OnnxModel model, SortedMap<String, String> aliases) {

  /** Converts a model; its {@code model} is the same instance if nothing has to change. */
  public static SessionModel of(OnnxModel model) {
    TensorAliases aliases = TensorAliases.of(model.graph());
    if (!differs(model.graph())) {
      return new SessionModel(model, aliases.byName());
    }
    GraphProto graph = aliases.renamed(NodeNames.distinct(model.graph()));
    return new SessionModel(
        model.with(model.proto().toBuilder().setGraph(graph).build()), aliases.byName());
  }

  static boolean differs(GraphProto graph) {
    return NodeNames.repeated(graph) || !TensorAliases.of(graph).byName().isEmpty();
  }
}
