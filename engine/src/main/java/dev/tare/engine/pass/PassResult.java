package dev.tare.engine.pass;

import dev.tare.engine.graph.GraphNode;
import dev.tare.engine.tensor.Tensor;
import java.util.Collections;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What a pass changes.
 *
 * @param constants new values of constants, by name; shapes and types must not change, unless the
 *     name is new
 * @param inserted nodes to add, in an order in which they can be computed; each names the tensors
 *     that it reads and computes
 * @param record what was done, for the plan: a text for each changed tensor
 */
public record PassResult(
    SortedMap<String, Tensor> constants,
    List<GraphNode> inserted,
    SortedMap<String, String> record) {

  public PassResult {
    constants = Collections.unmodifiableSortedMap(new TreeMap<>(constants));
    inserted = List.copyOf(inserted);
    record = Collections.unmodifiableSortedMap(new TreeMap<>(record));
  }
}
