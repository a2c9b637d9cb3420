package dev.tare.engine.plan;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tare.engine.range.Range;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;

/** Reads and writes the key {@code min-max} of a tensor. */
final class UnclippedRangeJson {

  private static final String CLIPPED = "clipped-channels";
  private static final String FARTHEST = "farthest";
  private static final String EXPECTED = "expected-sqnr-db";
  private static final String CHOSEN = "chosen-sqnr-db";
  private static final Set<String> KEYS =
      Set.of("low", "high", EXPECTED, CHOSEN, CLIPPED, FARTHEST);
  private static final Set<String> CHANNEL_KEYS =
      Set.of("channel", "low", "high", EXPECTED, CHOSEN);

  private UnclippedRangeJson() {}

  static ObjectNode format(UnclippedRange unclipped) {
    ObjectNode node = JsonNodeFactory.instance.objectNode();
    put(node, unclipped.range(), unclipped.expectedSqnrDb(), unclipped.chosenSqnrDb());
    unclipped.clippedChannels().ifPresent(count -> node.put(CLIPPED, count));
    if (!unclipped.farthest().isEmpty()) {
      ArrayNode farthest = node.putArray(FARTHEST);
      for (UnclippedRange.Channel channel : unclipped.farthest()) {
        put(
            farthest.addObject().put("channel", channel.channel()),
            channel.range(),
            channel.expectedSqnrDb(),
            channel.chosenSqnrDb());
      }
    }
    return node;
  }

  private static void put(ObjectNode node, Range range, double expected, double chosen) {
    node.put("low", range.low()).put("high", range.high());
    node.put(EXPECTED, expected).put(CHOSEN, chosen);
  }

  /**
   * @throws IllegalArgumentException if it is something else; the message names the key
   */
  static UnclippedRange parse(JsonNode node) {
    TensorPlanJson.refuseUnknown(node, KEYS);
    List<UnclippedRange.Channel> farthest = new ArrayList<>();
    if (node.has(FARTHEST)) {
      for (JsonNode channel : PlanFields.array(node, FARTHEST)) {
        TensorPlanJson.refuseUnknown(channel, CHANNEL_KEYS);
        farthest.add(
            new UnclippedRange.Channel(
                PlanFields.integer(channel, "channel"),
                range(channel),
                PlanFields.real(channel, EXPECTED),
                PlanFields.real(channel, CHOSEN)));
      }
    }
    OptionalInt clipped = PlanFields.optionalInteger(node, CLIPPED);
    if (farthest.size() > clipped.orElse(0)) {
      throw new IllegalArgumentException(
          "Invalid plan: '%s' has %d channels, and '%s' is %d"
              .formatted(FARTHEST, farthest.size(), CLIPPED, clipped.orElse(0)));
    }
    return new UnclippedRange(
        range(node),
        PlanFields.real(node, EXPECTED),
        PlanFields.real(node, CHOSEN),
        clipped,
        farthest);
  }

  private static Range range(JsonNode node) {
    return new Range(PlanFields.realFloat(node, "low"), PlanFields.realFloat(node, "high"));
  }
}
