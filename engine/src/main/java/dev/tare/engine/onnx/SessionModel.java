package dev.tare.engine.onnx;

import dev.tare.engine.onnx.proto.GraphProto;
import java.util.SortedMap;

/**
 * A model as a session of ONNX Runtime takes it from Java: node names are unique in each graph, and
 * tensors whose names Java cannot hand over have aliases. It computes the same.
 *
 * @param model the model to open
 * @param aliases the name in {@code model} of each tensor that has another there
 */
public record SessionModel(OnnxModel model, SortedMap<String, String> aliases) {

  /** The form of a model; its {@code model} is the same instance where nothing has to change. */
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
