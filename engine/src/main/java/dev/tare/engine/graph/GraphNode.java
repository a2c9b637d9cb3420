package dev.tare.engine.graph;

import java.util.List;

/**
 * An operator of the main graph, by names alone.
 *
 * @param node name, unique in the model
 * @param opType type; of other domains than the standard one, with the domain before a dot
 * @param inputs tensors that it reads, empty where an optional one is left out
 * @param captured tensors that its bodies read beside them
 * @param outputs tensors that it makes
 * @param keepsValues whether a Pad adds no value but zeros and those that it reads
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
