package dev.tare.engine.checkpoint;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.OptionalInt;

/**
 * A scheme as JSON: what a task needs to know of a recipe, and a part of what decides its bytes.
 */
final class SchemeJson {

  private static final String GROUP_SIZE = "group-size";
  private static final String GRID_STEPS = "grid-steps";

  private SchemeJson() {}

  static void write(WeightScheme scheme, ObjectNode node) {
    node.put("type", scheme.type().name());
    node.put("symmetric", scheme.symmetric());
    scheme.groupSize().ifPresent(size -> node.put(GROUP_SIZE, size));
    node.put("group-rows", scheme.groupRows());
    scheme.gridSteps().ifPresent(steps -> node.put(GRID_STEPS, steps));
    node.put("inputs", scheme.inputs().name());
  }

  /** Reads what {@link #write} wrote. */
  static WeightScheme read(JsonNode node) {
    return new WeightScheme(
        WeightType.valueOf(node.get("type").textValue()),
        node.get("symmetric").booleanValue(),
        optional(node, GROUP_SIZE),
        node.get("group-rows").intValue(),
        optional(node, GRID_STEPS),
        WeightScheme.Inputs.valueOf(node.get("inputs").textValue()));
  }

  private static OptionalInt optional(JsonNode node, String key) {
    return node.has(key) ? OptionalInt.of(node.get(key).intValue()) : OptionalInt.empty();
  }
}
