package dev.tare.engine.graph;

import java.util.List;

/**
 * What attention computes of its values: each channel sums values of the same channel, with weights
 * that do not depend on the channel. So channels of the values times factors give channels of the
 * result times the same factors.
 *
 * @param tensor the result, with its channels last
 * @param nodes names, from the node that computes the result back to the one that reads the values;
 *     what they compute is read by the next one alone, and by those that ask for its shape
 * @param values the tensor of the values, with its channels last
 * @param channels their number
 * @param averages whether the weights of a sum are known to add up to 1, so that what is added to a
 *     channel of the values is added to that of the result
 */
public record AttentionResult(
    String tensor, List<String> nodes, String values, long channels, boolean averages) {

  public AttentionResult {
    nodes = List.copyOf(nodes);
  }
}
