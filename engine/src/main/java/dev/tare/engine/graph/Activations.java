package dev.tare.engine.graph;

import java.util.Map;
import java.util.Set;

/**
 * The names of the tensors of a main graph that calibration may observe.
 *
 * @param all inputs and computed tensors that may hold real numbers, without those computed only
 *     from constants; if the model does not state the type, the runtime decides
 * @param operands those of them that operators with weights read, be it in a weight's place
 * @param channelAxes axis of the channels where an operator that reads or makes a tensor tells,
 *     negative when counted from the back
 */
public record Activations(Set<String> all, Set<String> operands, Map<String, Integer> channelAxes) {

  /** Returns the activations of a source that has only weights. */
  public static final Activations NONE = new Activations(Set.of(), Set.of(), Map.of());

  public Activations {
    all = Set.copyOf(all);
    operands = Set.copyOf(operands);
    channelAxes = Map.copyOf(channelAxes);
  }
}
