package dev.tare.engine.recipe;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tare.engine.quant.QuantParams;
import dev.tare.engine.quant.QuantType;
import dev.tare.engine.range.Range;
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

/**
 * The plan as JSON, format version 1.
 *
 * <p>Channels are columns (arrays of equal length), so that a plan of 20,000 channels stays
 * readable. Numbers that JSON lacks are strings: {@code "Infinity"}, {@code "NaN"}. Floats are
 * written so that reading gives the same bits.
 */
public final class QuantPlanJson {

  private static final int FORMAT_VERSION = 1;
  private static final ObjectMapper MAPPER = new ObjectMapper();
  private static final Set<String> PLAN_KEYS =
      Set.of("format-version", "recipe", "model-sha256", "statistics-sha256", "tensors");
  private static final Set<String> TENSOR_KEYS =
      Set.of(
          "tensor",
          "role",
          "quantized",
          "reason",
          "consumers",
          "shape",
          "type",
          "symmetric",
          "narrow-range",
          "reduce-range",
          "method",
          "axis",
          "low",
          "high",
          "scale",
          "zero-point",
          "clipped-share",
          "expected-sqnr-db");

  private QuantPlanJson() {}

  /** The plan as indented text with a line end at its end; the same plan gives the same text. */
  public static String format(QuantPlan plan) {
    ObjectNode root = MAPPER.createObjectNode();
    root.put("format-version", FORMAT_VERSION);
    root.put("recipe", plan.recipe());
    root.put("model-sha256", plan.modelSha256());
    root.put("statistics-sha256", plan.statisticsSha256());
    ArrayNode tensors = root.putArray("tensors");
    plan.tensors().forEach(t -> tensors.add(toNode(t)));
    try {
      return MAPPER.writerWithDefaultPrettyPrinter().writeValueAsString(root) + "\n";
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("A tree of plain values can be written", e);
    }
  }

  /** One tensor on one line, for a table cell or a shuffle. */
  public static String formatTensor(TensorPlan plan) {
    return toNode(plan).toString();
  }

  /**
   * Reads a plan.
   *
   * @throws IllegalArgumentException if the text is no plan of this version; the message names the
   *     key
   */
  public static QuantPlan parse(String json) {
    JsonNode root = read(json);
    refuseUnknown(root, PLAN_KEYS);
    int version = required(root, "format-version").asInt();
    if (version != FORMAT_VERSION) {
      throw new IllegalArgumentException(
          "Cannot read a plan of format version " + version + ", only " + FORMAT_VERSION);
    }
    List<TensorPlan> tensors = new ArrayList<>();
    required(root, "tensors").forEach(node -> tensors.add(toTensor(node)));
    return new QuantPlan(
        required(root, "recipe").asText(),
        required(root, "model-sha256").asText(),
        required(root, "statistics-sha256").asText(),
        tensors);
  }

  /**
   * Reads one tensor.
   *
   * @throws IllegalArgumentException as {@link #parse}
   */
  public static TensorPlan parseTensor(String json) {
    return toTensor(read(json));
  }

  private static ObjectNode toNode(TensorPlan plan) {
    ObjectNode node = MAPPER.createObjectNode();
    node.put("tensor", plan.tensor());
    node.put("role", word(plan.role()));
    node.put("quantized", plan.quantized());
    plan.floatReason().ifPresent(reason -> node.put("reason", reason));
    ArrayNode consumers = node.putArray("consumers");
    plan.consumers().forEach(consumers::add);
    if (plan.shape().isPresent()) {
      ArrayNode dims = node.putArray("shape");
      plan.shape().get().dims().forEach(dims::add);
    }
    node.put("type", word(plan.type()));
    node.put("symmetric", plan.symmetric());
    node.put("narrow-range", plan.narrowRange());
    node.put("reduce-range", plan.reduceRange());
    node.put("method", plan.method());
    plan.axis().ifPresent(axis -> node.put("axis", axis));
    if (plan.quantized()) {
      ArrayNode low = node.putArray("low");
      ArrayNode high = node.putArray("high");
      ArrayNode scale = node.putArray("scale");
      ArrayNode zeroPoint = node.putArray("zero-point");
      ArrayNode clipped = node.putArray("clipped-share");
      ArrayNode sqnr = node.putArray("expected-sqnr-db");
      for (ChannelPlan channel : plan.channels()) {
        low.add(channel.range().low());
        high.add(channel.range().high());
        scale.add(channel.params().scale());
        zeroPoint.add(channel.params().zeroPoint());
        clipped.add(channel.clippedShare());
        sqnr.add(channel.expectedSqnrDb());
      }
    }
    return node;
  }

  private static TensorPlan toTensor(JsonNode node) {
    refuseUnknown(node, TENSOR_KEYS);
    String tensor = required(node, "tensor").asText();
    QuantType type = choice(node, "type", QuantType.values());
    List<String> consumers = new ArrayList<>();
    required(node, "consumers").forEach(c -> consumers.add(c.asText()));
    Optional<Shape> shape = Optional.empty();
    if (node.has("shape")) {
      List<Long> dims = new ArrayList<>();
      node.get("shape").forEach(d -> dims.add(d.asLong()));
      shape = Optional.of(new Shape(dims));
    }
    List<ChannelPlan> channels = new ArrayList<>();
    if (required(node, "quantized").asBoolean()) {
      for (int c = 0; c < required(node, "scale").size(); c++) {
        channels.add(
            new ChannelPlan(
                new Range(floatAt(node, "low", c), floatAt(node, "high", c)),
                new QuantParams(
                    type, floatAt(node, "scale", c), (int) doubleAt(node, "zero-point", c)),
                doubleAt(node, "clipped-share", c),
                doubleAt(node, "expected-sqnr-db", c)));
      }
    }
    return new TensorPlan(
        tensor,
        choice(node, "role", Role.values()),
        consumers,
        node.has("reason") ? Optional.of(node.get("reason").asText()) : Optional.empty(),
        shape,
        type,
        required(node, "symmetric").asBoolean(),
        required(node, "narrow-range").asBoolean(),
        required(node, "reduce-range").asBoolean(),
        required(node, "method").asText(),
        node.has("axis") ? OptionalInt.of(node.get("axis").asInt()) : OptionalInt.empty(),
        channels);
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
                Arrays.stream(choices).map(QuantPlanJson::word).collect(Collectors.joining(", "))));
  }

  private static String word(Enum<?> choice) {
    return choice.name().toLowerCase(Locale.ROOT);
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

  private static JsonNode read(String json) {
    try {
      return MAPPER.readTree(json);
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException("Invalid plan: " + e.getOriginalMessage(), e);
    }
  }

  private static JsonNode required(JsonNode node, String key) {
    JsonNode value = node.get(key);
    if (value == null) {
      throw new IllegalArgumentException("Invalid plan: key '" + key + "' is missing");
    }
    return value;
  }

  private static void refuseUnknown(JsonNode node, Set<String> known) {
    for (Iterator<String> names = node.fieldNames(); names.hasNext(); ) {
      String name = names.next();
      if (!known.contains(name)) {
        throw new IllegalArgumentException(
            "Invalid plan: unknown key '" + name + "'; known are " + new TreeSet<>(known));
      }
    }
  }
}
