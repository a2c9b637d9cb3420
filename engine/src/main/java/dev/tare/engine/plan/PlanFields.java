package dev.tare.engine.plan;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;

/** Reads values of a plan's JSON by key, each with exactly the type it is written with. */
final class PlanFields {
  private static final Set<String> BEYOND_JSON = Set.of("NaN", "Infinity", "-Infinity");

  private PlanFields() {}

  static String text(JsonNode node, String key) {
    JsonNode value = TensorPlanJson.required(node, key);
    return require(value.isTextual(), key, "a text", value).textValue();
  }

  static boolean flag(JsonNode node, String key) {
    JsonNode value = TensorPlanJson.required(node, key);
    return require(value.isBoolean(), key, "true or false", value).booleanValue();
  }

  static int integer(JsonNode node, String key) {
    return integer(TensorPlanJson.required(node, key), key, 0);
  }

  static double number(JsonNode node, String key) {
    JsonNode value = TensorPlanJson.required(node, key);
    return require(value.isNumber(), key, "a number", value).doubleValue();
  }

  /** A number that may be one that JSON lacks. */
  static double real(JsonNode node, String key) {
    return Double.parseDouble(number(TensorPlanJson.required(node, key), key, "a number"));
  }

  /** Parsed as float: through a double it would be rounded twice. */
  static float realFloat(JsonNode node, String key) {
    return Float.parseFloat(number(TensorPlanJson.required(node, key), key, "a number"));
  }

  static OptionalInt optionalInteger(JsonNode node, String key) {
    return node.has(key) ? OptionalInt.of(integer(node, key)) : OptionalInt.empty();
  }

  static JsonNode array(JsonNode node, String key) {
    JsonNode value = TensorPlanJson.required(node, key);
    return require(value.isArray(), key, "an array", value);
  }

  static List<String> texts(JsonNode node, String key) {
    List<String> texts = new ArrayList<>();
    for (JsonNode value : array(node, key)) {
      texts.add(require(value.isTextual(), key, "an array of texts", value).textValue());
    }
    return texts;
  }

  static List<Long> sizes(JsonNode node, String key) {
    List<Long> sizes = new ArrayList<>();
    for (JsonNode value : array(node, key)) {
      boolean whole = value.isIntegralNumber() && value.canConvertToLong();
      sizes.add(require(whole, key, "an array of whole numbers", value).longValue());
    }
    return sizes;
  }

  static int integerAt(JsonNode node, String key, int index) {
    return integer(array(node, key).get(index), key, index);
  }

  /** Parsed as float: through a double it would be rounded twice. */
  static float floatAt(JsonNode node, String key, int index) {
    return Float.parseFloat(numberAt(node, key, index));
  }

  static List<Float> floats(JsonNode node, String key) {
    List<Float> floats = new ArrayList<>();
    for (int i = 0; i < array(node, key).size(); i++) {
      floats.add(floatAt(node, key, i));
    }
    return floats;
  }

  static double doubleAt(JsonNode node, String key, int index) {
    return Double.parseDouble(numberAt(node, key, index));
  }

  private static String numberAt(JsonNode node, String key, int index) {
    return number(array(node, key).get(index), key, "an array of numbers");
  }

  private static String number(JsonNode value, String key, String expected) {
    boolean number =
        value.isNumber() || (value.isTextual() && BEYOND_JSON.contains(value.textValue()));
    return require(number, key, expected, value).asText();
  }

  private static int integer(JsonNode value, String key, int index) {
    boolean fits = value.isIntegralNumber() && value.canConvertToInt();
    return require(fits, key, "a whole number at %d".formatted(index), value).intValue();
  }

  private static JsonNode require(boolean valid, String key, String expected, JsonNode value) {
    if (!valid) {
      throw new IllegalArgumentException(
          "Invalid plan: '%s' must be %s, not %s".formatted(key, expected, value));
    }
    return value;
  }
}
