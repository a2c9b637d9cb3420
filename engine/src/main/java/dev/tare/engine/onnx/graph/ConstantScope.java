package dev.tare.engine.onnx.graph;

import dev.tare.engine.onnx.proto.GraphProto;
import dev.tare.engine.onnx.proto.TensorProto;
import java.util.Optional;
import java.util.Set;

/** The constants visible in a graph, its own and those of enclosing graphs, by unique names. */
public final class ConstantScope {

  private final Optional<ConstantScope> outer;
  private final String prefix;
  private final Set<String> defined;
  private final Constants constants;

  /** A constant and its unique name in the model. */
  public record Found(String name, TensorProto tensor) {}

  private ConstantScope(
      Optional<ConstantScope> outer, String prefix, GraphProto graph, Constants constants) {
    this.outer = outer;
    this.prefix = prefix;
    this.defined = Nodes.defined(graph);
    this.constants = constants;
  }

  public static ConstantScope ofMain(GraphProto graph, Constants constants) {
    return new ConstantScope(Optional.empty(), "", graph, constants);
  }

  /** Returns the scope of a subgraph, with the prefix of its own tensors within this graph. */
  public ConstantScope inner(GraphProto subgraph, String innerPrefix) {
    return new ConstantScope(
        Optional.of(this), prefix + innerPrefix, subgraph, Constants.of(subgraph));
  }

  public Optional<Found> find(String tensor) {
    if (tensor.isEmpty()) {
      return Optional.empty();
    }
    String end = constants.followed(tensor);
    Optional<TensorProto> own = constants.find(end);
    if (own.isPresent()) {
      return Optional.of(new Found(prefix + end, own.get()));
    }
    return defined.contains(end) ? Optional.empty() : outer.flatMap(scope -> scope.find(end));
  }

  /** The unique name of a node or a tensor of this graph. */
  String own(String name) {
    return prefix + name;
  }

  /** The unique name of a tensor visible in this graph. */
  public String unique(String tensor) {
    return outer.isEmpty() || defined.contains(tensor)
        ? prefix + tensor
        : outer.get().unique(tensor);
  }
}
