package dev.tare.engine.graph;

import java.util.List;
import java.util.OptionalInt;

/**
 * An operator of the main graph, by names alone.
 *
 * @param node name, unique in the model
 * @param opType type; prefixed with the domain and a dot unless it is the standard domain
 * @param inputs tensors that it reads; an empty name for an omitted optional input
 * @param captured further tensors, read by its bodies
 * @param outputs tensors that it computes
 * @param keepsValues whether a Pad adds only zeros or values of its input
 * @param axis along which a Concat joins its inputs, negative when counted from the back, as it is
 *     where their rank is known; empty of other operators, and where the format does not tell
 */
public record GraphNode(
    String node,
    String opType,
    List<String> inputs,
    List<String> captured,
    List<String> outputs,
    boolean keepsValues,
    OptionalInt axis) {

  /** Creates an operator that joins nothing, or of which no axis is known. */
  public GraphNode(
      String node,
      String opType,
      List<String> inputs,
      List<String> captured,
      List<String> outputs,
      boolean keepsValues) {
    this(node, opType, inputs, captured, outputs, keepsValues, OptionalInt.empty());
  }

  public GraphNode {
    inputs = List.copyOf(inputs);
    captured = List.copyOf(captured);
    outputs = List.copyOf(outputs);
  }

  public String input(int index) {
    return index < inputs.size() ? inputs.get(index) : "";
  }
}
