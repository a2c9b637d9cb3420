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
 * @param floats inputs and computed tensors that are known to be float32, without those that are
 *     computed from constants alone
 * @param constants float32 constants: the name that the model keeps one under, by each name that it
 *     is read by
 * @param inputs what the model is fed
 * @param outputs what the model gives out
 */
public record Topology(
    List<GraphNode> nodes,
    Set<String> floats,
    Map<String, String> constants,
    Set<String> inputs,
    Set<String> outputs) {

  /** Of a source that knows weights alone. */
  public static final Topology NONE =
      new Topology(List.of(), Set.of(), Map.of(), Set.of(), Set.of());

  public Topology {
    nodes = List.copyOf(nodes);
    floats = Set.copyOf(floats);
    constants = Map.copyOf(constants);
    inputs = Set.copyOf(inputs);
    outputs = Set.copyOf(outputs);
  }

  /** Who reads a tensor, by its inputs or by those of its bodies, in graph order. */
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
}
