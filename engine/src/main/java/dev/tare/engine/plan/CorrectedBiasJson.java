package dev.tare.engine.plan;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** Reads and writes the corrected biases of a plan's JSON; called through {@link QuantPlanJson}. */
final class CorrectedBiasJson {

  private static final Set<String> KEYS =
      Set.of("node", "reader", "bias", "result", "over-noise", "correction", "gains", "left");

  private CorrectedBiasJson() {}

  static ArrayNode format(List<CorrectedBias> biases) {
    ArrayNode array = JsonNodeFactory.instance.arrayNode();
    for (CorrectedBias bias : biases) {
      ObjectNode node = array.addObject();
      node.put("node", bias.node());
      node.put("reader", bias.reader());
      node.put("bias", bias.bias());
      node.put("over-noise", bias.overNoise());
      if (bias.corrects()) {
        node.put("result", bias.result());
        ArrayNode correction = node.putArray("correction");
        bias.correction().forEach(correction::add);
        if (!bias.gains().isEmpty()) {
          ArrayNode gains = node.putArray("gains");
          bias.gains().forEach(gains::add);
        }
      }
      bias.reason().ifPresent(reason -> node.put("left", reason));
    }
    return array;
  }

  /**
   * @throws IllegalArgumentException if it is no such array; the message names the key
   */
  static List<CorrectedBias> parse(JsonNode array) {
    List<CorrectedBias> biases = new ArrayList<>();
    for (JsonNode node : array) {
      TensorPlanJson.required(node, "node");
      TensorPlanJson.refuseUnknown(node, KEYS);
      boolean left = node.has("left");
      List<Float> correction = left ? List.of() : PlanFields.floats(node, "correction");
      biases.add(
          new CorrectedBias(
              PlanFields.text(node, "node"),
              PlanFields.text(node, "reader"),
              PlanFields.text(node, "bias"),
              left ? "" : PlanFields.text(node, "result"),
              PlanFields.number(node, "over-noise"),
              correction,
              node.has("gains") ? PlanFields.floats(node, "gains") : List.of(),
              left ? Optional.of(PlanFields.text(node, "left")) : Optional.empty()));
    }
    return biases;
  }
}
