package dev.tare.engine.plan;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** Reads and writes a plan's weights by GPTQ; called through {@link QuantPlanJson}. */
final class GptqPlanJson {

  private static final Set<String> KEYS = Set.of("gram-sha256", "damping", "weights", "nearest");
  private static final Set<String> WEIGHT_KEYS =
      Set.of("weight", "input", "input-axis", "matrix", "bias");
  private static final Set<String> NEAREST_KEYS = Set.of("weight", "reason");

  private GptqPlanJson() {}

  static ObjectNode format(GptqPlan plan) {
    ObjectNode node = JsonNodeFactory.instance.objectNode();
    node.put("gram-sha256", plan.gramSha256());
    node.put("damping", plan.damping());
    ArrayNode weights = node.putArray("weights");
    for (GptqPlan.Weight weight : plan.weights()) {
      ObjectNode own = weights.addObject();
      own.put("weight", weight.weight());
      own.put("input", weight.input());
      own.put("input-axis", weight.inputAxis());
      if (!weight.matrix().isEmpty()) {
        own.put("matrix", weight.matrix());
      }
      if (!weight.bias().isEmpty()) {
        own.put("bias", weight.bias());
      }
    }
    if (!plan.nearest().isEmpty()) {
      ArrayNode nearest = node.putArray("nearest");
      plan.nearest()
          .forEach(
              each ->
                  nearest.addObject().put("weight", each.weight()).put("reason", each.reason()));
    }
    return node;
  }

  /**
   * @throws IllegalArgumentException if it is no such object; the message names the key
   */
  static GptqPlan parse(JsonNode node) {
    TensorPlanJson.refuseUnknown(node, KEYS);
    List<GptqPlan.Weight> weights = new ArrayList<>();
    for (JsonNode own : PlanFields.array(node, "weights")) {
      TensorPlanJson.refuseUnknown(own, WEIGHT_KEYS);
      weights.add(
          new GptqPlan.Weight(
              PlanFields.text(own, "weight"),
              PlanFields.text(own, "input"),
              PlanFields.integer(own, "input-axis"),
              own.has("matrix") ? PlanFields.text(own, "matrix") : "",
              own.has("bias") ? PlanFields.text(own, "bias") : ""));
    }
    List<GptqPlan.Nearest> nearest = new ArrayList<>();
    if (node.has("nearest")) {
      for (JsonNode own : PlanFields.array(node, "nearest")) {
        TensorPlanJson.refuseUnknown(own, NEAREST_KEYS);
        nearest.add(
            new GptqPlan.Nearest(PlanFields.text(own, "weight"), PlanFields.text(own, "reason")));
      }
    }
    return new GptqPlan(
        PlanFields.text(node, "gram-sha256"), PlanFields.number(node, "damping"), weights, nearest);
  }
}
