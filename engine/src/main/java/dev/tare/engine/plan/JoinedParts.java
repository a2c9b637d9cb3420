package dev.tare.engine.plan;

import dev.tare.engine.graph.GraphNode;
import dev.tare.engine.graph.Topology;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;

/**
 * Finds which tensors stand side by side in another one: those that a Concat joins, also where it
 * joins joined ones, or where results are moved but not computed with.
 *
 * <p>The operands of an Add are no such parts: behind it only their sum counts, of which a small
 * operand is a small part.
 */
final class JoinedParts {

  private static final String JOIN = "Concat";
  private static final Set<String> MOVES =
      Set.of("Identity", "Transpose", "Reshape", "Flatten", "Squeeze", "Unsqueeze");

  private final Topology graph;
  private final Map<String, GraphNode> makers;

  JoinedParts(Topology graph) {
    this.graph = graph;
    this.makers = graph.makers();
  }

  /** Returns the parts of a tensor, each once; empty if there are not several. */
  List<String> of(String tensor) {
    Set<String> parts = new LinkedHashSet<>();
    walk(tensor, parts, new LinkedHashSet<>());
    parts.retainAll(graph.floats());
    return parts.size() > 1 ? new ArrayList<>(parts) : List.of();
  }

  /**
   * Whether all joins that a tensor is the result of are known to be along other axes than one, so
   * that an index along that is a channel of every part. Nothing is known behind a node that moves
   * axes.
   *
   * @param axis from the front; empty if it is not known from there
   * @param back the same from the back, negative
   */
  boolean across(String tensor, OptionalInt axis, OptionalInt back) {
    GraphNode maker = makers.get(tensor);
    while (maker != null && maker.opType().equals("Identity")) {
      maker = makers.get(maker.input(0));
    }
    if (maker == null || !maker.opType().equals(JOIN) || maker.axis().isEmpty()) {
      return false;
    }
    int own = maker.axis().getAsInt();
    OptionalInt other = own < 0 ? back : axis;
    return other.isPresent()
        && other.getAsInt() != own
        && maker.inputs().stream().allMatch(input -> !joins(input) || across(input, axis, back));
  }

  private void walk(String tensor, Set<String> parts, Set<String> seen) {
    GraphNode maker = makers.get(tensor);
    if (!seen.add(tensor)) {
      return;
    }
    if (maker != null && maker.opType().equals(JOIN)) {
      maker.inputs().forEach(input -> walk(input, parts, seen));
    } else if (maker != null && MOVES.contains(maker.opType()) && joins(maker.input(0))) {
      walk(maker.input(0), parts, seen);
    } else {
      parts.add(tensor);
    }
  }

  /** Whether a tensor comes from a join by moves alone. */
  private boolean joins(String tensor) {
    GraphNode maker = makers.get(tensor);
    while (maker != null && MOVES.contains(maker.opType())) {
      maker = makers.get(maker.input(0));
    }
    return maker != null && maker.opType().equals(JOIN);
  }
}
