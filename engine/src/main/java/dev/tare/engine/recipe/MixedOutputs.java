package dev.tare.engine.recipe;

import dev.tare.engine.graph.GraphNode;
import dev.tare.engine.graph.Topology;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/**
 * Finds outputs that have probabilities and numbers of another scale side by side, as detectors
 * give scores from 0 to 1 and coordinates of boxes in pixels in one tensor. An error of all values
 * together says nothing of the scores there, so what a recipe measures by it would not help them.
 */
final class MixedOutputs {

  /** Operators that pass on values of their first input. */
  private static final Set<String> MOVES =
      Set.of(
          "Transpose",
          "Reshape",
          "Flatten",
          "Squeeze",
          "Unsqueeze",
          "Identity",
          "Split",
          "Slice",
          "Gather");

  private static final Set<String> SHARES = Set.of("Sigmoid", "HardSigmoid", "Softmax");

  private final Map<String, GraphNode> makers;
  private final Set<String> seen = new HashSet<>();
  private boolean shares;
  private boolean others;

  private MixedOutputs(Map<String, GraphNode> makers) {
    this.makers = makers;
  }

  /** Whether there is such an output. Costs a walk back from each output to what joins it. */
  static boolean in(Topology topology) {
    Map<String, GraphNode> makers = topology.makers();
    return topology.outputs().stream()
        .anyMatch(
            output -> {
              MixedOutputs own = new MixedOutputs(makers);
              own.walk(output);
              return own.shares && own.others;
            });
  }

  private void walk(String tensor) {
    if (!seen.add(tensor)) {
      return;
    }
    GraphNode maker = makers.get(tensor);
    if (maker == null) {
      others = true;
    } else if (maker.opType().equals("Concat")) {
      maker.inputs().forEach(this::walk);
    } else if (MOVES.contains(maker.opType())) {
      walk(maker.input(0));
    } else if (SHARES.contains(maker.opType())) {
      shares = true;
    } else {
      others = true;
    }
  }
}
