package dev.tare.engine.pass;

import dev.tare.engine.graph.GraphNode;
import dev.tare.engine.graph.Topology;
import java.util.HashSet;
import java.util.Set;

/** Gives names that a graph does not use yet, each once. Not thread-safe. */
final class FreeNames {

  private final Set<String> taken = new HashSet<>();

  private FreeNames() {}

  static FreeNames of(Topology topology) {
    FreeNames names = new FreeNames();
    for (GraphNode node : topology.nodes()) {
      names.taken.add(node.node());
      names.taken.addAll(node.inputs());
      names.taken.addAll(node.captured());
      names.taken.addAll(node.outputs());
    }
    return names;
  }

  /** Returns the name, or if it is taken, with {@code _1}, {@code _2}. */
  String unused(String wanted) {
    String name = wanted;
    for (int n = 1; !taken.add(name); n++) {
      name = wanted + "_" + n;
    }
    return name;
  }
}
