package dev.tare.engine.recipe;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tare.engine.quant.Granularity;
import dev.tare.engine.quant.QuantParams;
import dev.tare.engine.quant.QuantType;
import dev.tare.engine.range.Range;
import dev.tare.engine.range.Target;
import dev.tare.engine.tensor.Shape;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

/** The part of a plan's JSON that speaks of one tensor; {@link QuantPlanJson} is the door. */
final class TensorPlanJson {

  private static final Set<String> KEYS =
      Set.of(
          "tensor",
          "role",
          "format",
          "quantized",
          "reason",
          "consumers",
          "shape",
          "type",
          "symmetric",
          "narrow-range",
          "reduce-range",
          "method",
          "decided-by",
          "axis",
          "block-size",
          "low",
          "high",
          "scale",
          "zero-point",
          "clipped-share",
          "expected-sqnr-db");

  private TensorPlanJson() {}

  static ObjectNode format(TensorPlan plan) {
    ObjectNode node = JsonNodeFactory.instance.objectNode();
    node.put("tensor", plan.tensor());
    node.put("role", word(plan.role()));
    node.put("format", word(plan.format()));
    node.put("quantized", plan.quantized());
    plan.floatReason().ifPresent(reason -> node.put("reason", reason));
    ArrayNode consumers = node.putArray("consumers");
    plan.consumers().forEach(consumers::add);
    if (plan.shape().isPresent()) {
      ArrayNode dims = node.putArray("shape");
      plan.shape().get().dims().forEach(dims::add);
    }
    node.put("type", word(plan.type()));
    node.put("symmetric", plan.target().symmetric());
    node.put("narrow-range", plan.target().narrowRange());
    node.put("reduce-range", plan.target().reduceRange());
    node.put("method", plan.method());
    node.put("decided-by", plan.decidedBy());
    plan.axis().ifPresent(axis -> node.put("axis", axis));
    plan.granularity().blockSize().ifPresent(size -> node.put("block-size", size));
    if (!plan.channels().isEmpty()) {
      channels(plan, node);
    }
    return node;
  }

  private static void channels(TensorPlan plan, ObjectNode node) {
    boolean blocks = plan.granularity().blockSize().isPresent();
    if (!blocks) {
      ArrayNode low = node.putArray("low");
      ArrayNode high = node.putArray("high");
      for (ChannelPlan channel : plan.channels()) {
        low.add(channel.range().low());
        high.add(channel.range().high());
      }
    }
    ArrayNode scale = node.putArray("scale");
    ArrayNode zeroPoint = node.putArray("zero-point");
    for (ChannelPlan channel : plan.channels()) {
      scale.add(channel.params().scale());
      zeroPoint.add(channel.params().zeroPoint());
    }
    ArrayNode clipped = node.putArray("clipped-share");
    ArrayNode sqnr = node.putArray("expected-sqnr-db");
    for (ChannelPlan channel : blocks ? plan.channels().subList(0, 1) : plan.channels()) {
      clipped.add(channel.clippedShare());
      sqnr.add(channel.expectedSqnrDb());
    }
  }

  static TensorPlan parse(JsonNode node) {
    refuseUnknown(node, KEYS);
    List<String> consumers = new ArrayList<>();
    required(node, "consumers").forEach(c -> consumers.add(c.asText()));
    Optional<Shape> shape = Optional.empty();
    if (node.has("shape")) {
      List<Long> dims = new ArrayList<>();
      node.get("shape").forEach(d -> dims.add(d.asLong()));
      shape = Optional.of(new Shape(dims));
    }
    Target target =
        new Target(
            choice(node, "type", QuantType.values()),
            required(node, "symmetric").asBoolean(),
            required(node, "narrow-range").asBoolean(),
            required(node, "reduce-range").asBoolean());
    Granularity granularity = new Granularity(integer(node, "axis"), integer(node, "block-size"));
    boolean listed = required(node, "quantized").asBoolean() && node.has("scale");
    return new TensorPlan(
        required(node, "tensor").asText(),
        choice(node, "role", Role.values()),
        node.has("format") ? choice(node, "format", Format.values()) : Format.QDQ,
        consumers,
        node.has("reason") ? Optional.of(node.get("reason").asText()) : Optional.empty(),
        shape,
        target,
        required(node, "method").asText(),
        node.has("decided-by") ? node.get("decided-by").asText() : Recipe.BASE,
        granularity,
        listed ? channels(node, target, granularity) : List.of());
  }

  private static OptionalInt integer(JsonNode node, String key) {
    return node.has(key) ? OptionalInt.of(node.get(key).asInt()) : OptionalInt.empty();
  }

  private static List<ChannelPlan> channels(JsonNode node, Target target, Granularity granularity) {
    boolean blocks = granularity.blockSize().isPresent();
    List<ChannelPlan> channels = new ArrayList<>();
    for (int c = 0; c < required(node, "scale").size(); c++) {
      QuantParams params =
          new QuantParams(
              target.type(), floatAt(node, "scale", c), (int) doubleAt(node, "zero-point", c));
      double clipped = doubleAt(node, "clipped-share", blocks ? 0 : c);
      double sqnrDb = doubleAt(node, "expected-sqnr-db", blocks ? 0 : c);
      channels.add(
          blocks
              ? ChannelPlan.ofBlock(params, target.limits(), clipped, sqnrDb)
              : new ChannelPlan(
                  new Range(floatAt(node, "low", c), floatAt(node, "high", c)),
                  params,
                  clipped,
                  sqnrDb));
    }
    return channels;
  }

  /** The text of the number goes through Float: by way of a double it would be rounded twice. */
  private static float floatAt(JsonNode node, String key, int index) {
    return Float.parseFloat(at(node, key, index).asText());
  }

  private static double doubleAt(JsonNode node, String key, int index) {
    return Double.parseDouble(at(node, key, index).asText());
  }

  private static <E extends Enum<E>> E choice(JsonNode node, String key, E[] choices) {
    String text = required(node, key).asText();
    for (E choice : choices) {
      if (word(choice).equals(text)) {
        return choice;
      }
    }
    throw new IllegalArgumentException(
        "Invalid plan: '%s' is '%s', expected one of %s"
            .formatted(
                key,
                text,
                Arrays.stream(choices)
                    .map(TensorPlanJson::word)
                    .collect(Collectors.joining(", "))));
  }

  private static String word(Enum<?> choice) {
    return choice.name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  private static JsonNode at(JsonNode node, String key, int index) {
    JsonNode value = required(node, key).get(index);
    if (value == null) {
      throw new IllegalArgumentException(
          "Invalid plan: '%s' has %d entries, entry %d is needed"
              .formatted(key, node.get(key).size(), index));
    }
    return value;
  }

  static JsonNode required(JsonNode node, String key) {
    JsonNode value = node.get(key);
    if (value == null) {
      throw new IllegalArgumentException("Invalid plan: key '" + key + "' is missing");
    }
    return value;
  }

  static void refuseUnknown(JsonNode node, Set<String> known) {
    for (Iterator<String> names = node.fieldNames(); names.hasNext(); ) {
      String name = names.next();
      if (!known.contains(name)) {
        throw new IllegalArgumentException(
            "Invalid plan: unknown key '" + name + "'; known are " + new TreeSet<>(known));
      }
    }
  }
}
