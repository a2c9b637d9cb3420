package dev.tare.engine.graph;

import java.util.List;

/**
 * An operator of the main graph, by names alone.
 *
 * @param node name, unique in the model
 * @param opType type; prefixed with the domain and a dot unless it is the standard domain
 * @param inputs tensors that it reads; an empty name for an omitted optional input
 * @param captured further tensors, read by its bodies
 * @param outputs tensors that it computes
 * @param keepsValues whether a Pad adds only zeros or values of its input
 */
public record GraphNode(
    String node,
    String opType,
    List<String> inputs,
    List<String> captured,
    List<String> outputs,
    boolean keepsValues) {

  public GraphNode {
    inputs = List.copyOf(inputs);
    captured = List.copyOf(captured);
    outputs = List.copyOf(outputs);
  }

  public String input(int index) {
    return index < inputs.size() ? inputs.get(index) : "";
  }
}
