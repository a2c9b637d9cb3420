package dev.tare.jobs.drift;

import dev.tare.engine.statistics.StateKind;
import java.util.Collections;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * The result of a comparison.
 *
 * @param tensors sorted by population stability index, highest first, then by name
 * @param oneSided tensors that one side lacks: the side that has it, {@code baseline} or {@code
 *     current}; {@link #NEITHER} for a smoothed input whose channels neither has
 * @param kinds how far moments and Gram matrices moved, by kind, the farthest first
 */
public record DriftResult(
    List<TensorDrift> tensors, SortedMap<String, String> oneSided, List<KindDrift> kinds) {

  static final String NEITHER = "neither";

  public DriftResult {
    tensors = List.copyOf(tensors);
    oneSided = Collections.unmodifiableSortedMap(new TreeMap<>(oneSided));
    kinds = List.copyOf(kinds);
  }

  /** The same with how far other kinds of states moved. */
  DriftResult with(List<KindDrift> others) {
    return new DriftResult(tensors, oneSided, others);
  }

  /** Those of one kind, the farthest first. */
  List<KindDrift> of(StateKind kind) {
    return KindDrift.of(kind, kinds);
  }
}
