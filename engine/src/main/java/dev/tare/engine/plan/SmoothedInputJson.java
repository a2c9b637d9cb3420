package dev.tare.engine.plan;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** Reads and writes the smoothed inputs of a plan's JSON; called through {@link QuantPlanJson}. */
final class SmoothedInputJson {

  private static final String OFFSETS = "offsets";
  private static final Set<String> KEYS =
      Set.of("tensor", "axis", "result", "consumers", "through", "alpha", "factors", OFFSETS);

  private SmoothedInputJson() {}

  static ArrayNode format(List<SmoothedInput> inputs) {
    ArrayNode array = JsonNodeFactory.instance.arrayNode();
    for (SmoothedInput input : inputs) {
      ObjectNode node = array.addObject();
      node.put("tensor", input.tensor());
      if (!input.plain()) {
        node.put("axis", input.axis());
      }
      node.put("result", input.result());
      ArrayNode consumers = node.putArray("consumers");
      input.consumers().forEach(consumers::add);
      if (!input.plain()) {
        ArrayNode through = node.putArray("through");
        input.through().forEach(through::add);
      }
      node.put("alpha", input.alpha());
      ArrayNode factors = node.putArray("factors");
      input.factors().forEach(factors::add);
      if (!input.offsets().isEmpty()) {
        ArrayNode offsets = node.putArray(OFFSETS);
        input.offsets().forEach(offsets::add);
      }
    }
    return array;
  }

  /**
   * @throws IllegalArgumentException if it is no such array; the message names the key
   */
  static List<SmoothedInput> parse(JsonNode array) {
    List<SmoothedInput> inputs = new ArrayList<>();
    for (JsonNode node : array) {
      TensorPlanJson.required(node, "tensor");
      TensorPlanJson.refuseUnknown(node, KEYS);
      List<Float> factors = PlanFields.floats(node, "factors");
      inputs.add(
          new SmoothedInput(
              PlanFields.text(node, "tensor"),
              PlanFields.optionalInteger(node, "axis").orElse(SmoothedInput.LAST),
              PlanFields.text(node, "result"),
              PlanFields.texts(node, "consumers"),
              node.has("through") ? PlanFields.texts(node, "through") : List.of(),
              PlanFields.number(node, "alpha"),
              factors,
              node.has(OFFSETS) ? PlanFields.floats(node, OFFSETS) : List.of()));
    }
    return inputs;
  }
}
