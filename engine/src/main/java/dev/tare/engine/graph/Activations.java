package dev.tare.engine.graph;

import java.util.Map;
import java.util.Set;

/**
 * The tensors of a main graph that calibration may observe, by names alone.
 *
 * @param all inputs and computed tensors that may hold real numbers, without what is computed from
 *     constants alone; where the model does not tell the type, the runtime must
 * @param operands those of them that operators with weights read, be it in a weight's place
 * @param channelAxes axis of the channels where an operator that reads or makes a tensor tells,
 *     negative when counted from the back
 */
public record Activations(Set<String> all, Set<String> operands, Map<String, Integer> channelAxes) {

  /** Of a source that knows weights alone. */
  public static final Activations NONE = new Activations(Set.of(), Set.of(), Map.of());

  public Activations {
    all = Set.copyOf(all);
    operands = Set.copyOf(operands);
    channelAxes = Map.copyOf(channelAxes);
  }
}
