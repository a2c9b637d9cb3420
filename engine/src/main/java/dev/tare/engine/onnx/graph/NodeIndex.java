package dev.tare.engine.onnx.graph;

import dev.tare.engine.onnx.proto.GraphProto;
import dev.tare.engine.onnx.proto.NodeProto;
import dev.tare.engine.onnx.proto.ValueInfoProto;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * The nodes of a graph during a rewrite, each in a numbered slot, with an index of the nodes that
 * compute and read each tensor. Not thread-safe.
 */
public final class NodeIndex {

  private final SortedMap<Integer, NodeProto> slots = new TreeMap<>();
  private final Map<String, Integer> makers = new HashMap<>();
  private final Map<String, Set<Integer>> readers = new HashMap<>();
  private final Set<String> outputs = new HashSet<>();
  private boolean changed;

  public NodeIndex(GraphProto graph) {
    for (int i = 0; i < graph.getNodeCount(); i++) {
      insert(i, graph.getNode(i));
    }
    graph.getOutputList().stream().map(ValueInfoProto::getName).forEach(outputs::add);
  }

  /** Puts a node into an empty slot. */
  public void insert(int slot, NodeProto node) {
    slots.put(slot, node);
    node.getOutputList().forEach(output -> makers.put(output, slot));
    Nodes.reads(node).forEach(r -> readers.computeIfAbsent(r, k -> new TreeSet<>()).add(slot));
  }

  /** Returns the numbers of the slots that currently have a node. */
  public List<Integer> slots() {
    return List.copyOf(slots.keySet());
  }

  public Optional<NodeProto> at(int slot) {
    return Optional.ofNullable(slots.get(slot));
  }

  public void remove(int slot) {
    NodeProto node = slots.remove(slot);
    node.getOutputList().forEach(output -> makers.remove(output, slot));
    Nodes.reads(node).forEach(read -> readers.get(read).remove(slot));
    changed = true;
  }

  public void replace(int slot, NodeProto node) {
    remove(slot);
    insert(slot, node);
  }

  /** Returns the slot of the standard operator that computes a tensor, if it is its only output. */
  public OptionalInt maker(String tensor) {
    return makers.containsKey(tensor) ? standard(makers.get(tensor)) : OptionalInt.empty();
  }

  /**
   * Returns the slot of the standard operator that is the only reader of a tensor: it is not a
   * graph output, and no subgraph captures it.
   */
  public OptionalInt soleReader(String tensor) {
    Set<Integer> all = readers.getOrDefault(tensor, Set.of());
    if (all.size() != 1 || outputs.contains(tensor)) {
      return OptionalInt.empty();
    }
    OptionalInt reader = standard(all.iterator().next());
    return reader.isPresent() && slots.get(reader.getAsInt()).getInputList().contains(tensor)
        ? reader
        : OptionalInt.empty();
  }

  private OptionalInt standard(int slot) {
    NodeProto node = slots.get(slot);
    boolean plain = Nodes.isStandard(node) && node.getOutputCount() == 1;
    return plain && Nodes.subgraphs(node).isEmpty() ? OptionalInt.of(slot) : OptionalInt.empty();
  }

  public boolean changed() {
    return changed;
  }

  /** The nodes in graph order. */
  public List<NodeProto> nodes() {
    return List.copyOf(slots.values());
  }
}
