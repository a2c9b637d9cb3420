package dev.tare.jobs.report;

import com.fasterxml.jackson.databind.node.TextNode;
import dev.tare.jobs.artifact.GateOutcome;
import java.util.List;

/**
 * Which operators to leave in float, if any is worth it.
 *
 * @param sentence what to do and why
 * @param rules lines of a recipe; empty if nothing is to be done
 */
record Proposal(String sentence, List<String> rules) {

  private static final int MOST = 3;

  /** A smaller part would hardly be a mixed model any more. */
  private static final int ONE_OF = 4;

  /**
   * A smaller gain in dB is no reason to change a model that passes: 3 dB are half of the noise.
   */
  private static final double WORTHWHILE = 3;

  Proposal {
    rules = List.copyOf(rules);
  }

  static Proposal of(FloatCurve curve, GateOutcome gate) {
    List<Layer> ranked = curve.layers().ranked();
    int count = Math.min(MOST, Math.max(1, ranked.size() / ONE_OF));
    double gain = curve.gainDb(count);
    String which = count == 1 ? "the first" : "the first %d".formatted(count);
    String gains = Figures.signed(gain, 2) + " dB";
    if (gate == GateOutcome.PASSED && gain < WORTHWHILE) {
      return new Proposal(
          "The gate passed, and %s in float would gain only about %s: nothing to change."
              .formatted(which, gains),
          List.of());
    }
    return new Proposal(
        "To leave %s in float, for about %s, add to the recipe:".formatted(which, gains),
        ranked.stream()
            .limit(count)
            .map(layer -> "  { tensors = %s, quantize = false }".formatted(quoted(layer.node())))
            .toList());
  }

  /** A string of HOCON. */
  private static String quoted(String text) {
    return TextNode.valueOf(text).toString();
  }
}
