package dev.tare.engine.graph;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The main graph of a model, by names alone.
 *
 * @param nodes every operator, in graph order
 * @param floats inputs and computed tensors known to be float32, except those computed from
 *     constants alone
 * @param constants float32 constants: the name under which the model stores one, by each name under
 *     which it is read
 * @param inputs the model's inputs
 * @param outputs the model's outputs
 */
public record Topology(
    List<GraphNode> nodes,
    Set<String> floats,
    Map<String, String> constants,
    Set<String> inputs,
    Set<String> outputs) {

  /** The topology of a graph that only knows weights. */
  public static final Topology NONE =
      new Topology(List.of(), Set.of(), Map.of(), Set.of(), Set.of());

  public Topology {
    nodes = List.copyOf(nodes);
    floats = Set.copyOf(floats);
    constants = Map.copyOf(constants);
    inputs = Set.copyOf(inputs);
    outputs = Set.copyOf(outputs);
  }

  /** Returns the nodes that read each tensor, themselves or in their bodies, in graph order. */
  public Map<String, List<GraphNode>> readers() {
    Map<String, List<GraphNode>> readers = new HashMap<>();
    for (GraphNode node : nodes) {
      List<String> reads = new ArrayList<>(node.inputs());
      reads.addAll(node.captured());
      reads.stream()
          .distinct()
          .forEach(t -> readers.computeIfAbsent(t, k -> new ArrayList<>()).add(node));
    }
    return readers;
  }

  /** Returns the node that computes each tensor; model inputs and constants have none. */
  public Map<String, GraphNode> makers() {
    Map<String, GraphNode> makers = new HashMap<>();
    for (GraphNode node : nodes) {
      node.outputs().stream().filter(output -> !output.isEmpty()).forEach(o -> makers.put(o, node));
    }
    return makers;
  }
}
