package dev.tare.jobs.drift;

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
 */
public record DriftResult(List<TensorDrift> tensors, SortedMap<String, String> oneSided) {

  static final String NEITHER = "neither";

  public DriftResult {
    tensors = List.copyOf(tensors);
    oneSided = Collections.unmodifiableSortedMap(new TreeMap<>(oneSided));
  }
}
