package dev.tare.engine.plan;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * The plan as JSON, format version 2; version 1, of plans without formats and rules, is read too.
 *
 * <p>Channels are columns (arrays of equal length), so that a plan of 20,000 channels stays
 * readable. Of blocks only scales and zero points are listed, with one error for the tensor.
 * Numbers that JSON lacks are strings: {@code "Infinity"}, {@code "NaN"}. Floats are written so
 * that reading gives the same bits.
 */
public final class QuantPlanJson {

  private static final int FORMAT_VERSION = 2;
  private static final ObjectMapper MAPPER =
      JsonMapper.builder()
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .build();
  private static final Set<String> KEYS =
      Set.of("format-version", "recipe", "model-sha256", "statistics-sha256", "tensors");

  private QuantPlanJson() {}

  /** The plan as indented text with a line end at its end; the same plan gives the same text. */
  public static String format(QuantPlan plan) {
    ObjectNode root = MAPPER.createObjectNode();
    root.put("format-version", FORMAT_VERSION);
    root.put("recipe", plan.recipe());
    root.put("model-sha256", plan.modelSha256());
    root.put("statistics-sha256", plan.statisticsSha256());
    ArrayNode tensors = root.putArray("tensors");
    plan.tensors().forEach(t -> tensors.add(TensorPlanJson.format(t)));
    try {
      return MAPPER.writerWithDefaultPrettyPrinter().writeValueAsString(root) + "\n";
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("A tree of plain values can be written", e);
    }
  }

  /** One tensor on one line, for a table cell or a shuffle. */
  public static String formatTensor(TensorPlan plan) {
    return TensorPlanJson.format(plan).toString();
  }

  /**
   * Reads a plan.
   *
   * @throws IllegalArgumentException if the text is no plan of these versions, or one that
   *     contradicts itself; the message names tensor and key
   */
  public static QuantPlan parse(String json) {
    JsonNode root = read(json);
    TensorPlanJson.refuseUnknown(root, KEYS);
    int version = PlanFields.integer(root, "format-version");
    if (version < 1 || version > FORMAT_VERSION) {
      throw new IllegalArgumentException(
          "Cannot read a plan of format version " + version + ", only 1 to " + FORMAT_VERSION);
    }
    List<TensorPlan> tensors = new ArrayList<>();
    for (JsonNode node : PlanFields.array(root, "tensors")) {
      tensors.add(tensor(node, tensors.size()));
    }
    PlanCheck.require(tensors);
    return new QuantPlan(
        PlanFields.text(root, "recipe"),
        PlanFields.text(root, "model-sha256"),
        PlanFields.text(root, "statistics-sha256"),
        tensors);
  }

  private static TensorPlan tensor(JsonNode node, int index) {
    try {
      return TensorPlanJson.parse(node);
    } catch (IllegalArgumentException | ArithmeticException e) {
      throw new IllegalArgumentException(
          "Entry %d, tensor '%s': %s"
              .formatted(index, node.path("tensor").asText("?"), e.getMessage()),
          e);
    }
  }

  /**
   * Reads one tensor.
   *
   * @throws IllegalArgumentException as {@link #parse}
   */
  public static TensorPlan parseTensor(String json) {
    return TensorPlanJson.parse(read(json));
  }

  private static JsonNode read(String json) {
    try {
      JsonNode root = MAPPER.readTree(json);
      if (!root.isObject()) {
        throw new IllegalArgumentException("Invalid plan: no JSON object");
      }
      return root;
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException("Invalid plan: " + e.getOriginalMessage(), e);
    }
  }
}
