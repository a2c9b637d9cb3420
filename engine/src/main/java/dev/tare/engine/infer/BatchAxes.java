package dev.tare.engine.infer;

import dev.tare.engine.tensor.Dim;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * The batch axis of each model input, derived from the names of dimensions.
 *
 * <p>The name of the batch dimension is that of the inputs' first dimension; if there are several
 * such names, the one that every input has. An input without that name has its batch axis first,
 * unless its first dimension has a fixed size other than 1: such an input, and a scalar, has no
 * batch axis, so samples run one at a time.
 */
public final class BatchAxes {

  /** The axis of an input without a batch dimension. */
  public static final int NONE = -1;

  private BatchAxes() {}

  /**
   * Returns the batch axis of each input.
   *
   * @param inputs dimensions by input
   * @return the axis, or {@link #NONE}, of each input
   */
  public static SortedMap<String, Integer> of(Map<String, List<Dim>> inputs) {
    Set<String> symbols = new TreeSet<>();
    for (List<Dim> dims : inputs.values()) {
      if (!dims.isEmpty() && dims.get(0) instanceof Dim.Symbol symbol) {
        symbols.add(symbol.name());
      }
    }
    if (symbols.size() > 1) {
      symbols.removeIf(name -> !everywhere(name, inputs));
    }
    SortedMap<String, Integer> axes = new TreeMap<>();
    inputs.forEach(
        (input, dims) ->
            axes.put(
                input,
                symbols.size() == 1
                    ? axis(dims, Dim.symbol(symbols.iterator().next()))
                    : axis(dims)));
    return Collections.unmodifiableSortedMap(axes);
  }

  private static boolean everywhere(String name, Map<String, List<Dim>> inputs) {
    return inputs.values().stream()
        .allMatch(dims -> dims.isEmpty() || dims.contains(Dim.symbol(name)));
  }

  private static int axis(List<Dim> dims, Dim batch) {
    int axis = dims.indexOf(batch);
    return axis >= 0 ? axis : axis(dims);
  }

  private static int axis(List<Dim> dims) {
    boolean none = dims.isEmpty() || (dims.get(0) instanceof Dim.Fixed fixed && fixed.size() != 1);
    return none ? NONE : 0;
  }
}
