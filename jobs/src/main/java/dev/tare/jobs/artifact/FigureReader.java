package dev.tare.jobs.artifact;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tare.jobs.TareException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Reads measured figures of an object and checks their bounds. A null or absent figure is NaN or
 * empty: JSON has no infinity, and an older version may not have written it.
 *
 * @param node the object
 * @param where its name in errors
 */
record FigureReader(ObjectNode node, String where) {

  /** Cosines of float vectors may exceed 1 by rounding. */
  private static final double ROUNDING = 1e-3;

  /** A number between two, inclusive. */
  double number(String key, double low, double high) {
    if (!node.hasNonNull(key)) {
      return Double.NaN;
    }
    double value = node.get(key).isNumber() ? node.get(key).doubleValue() : Double.NaN;
    if (!(value >= low && value <= high)) {
      throw impossible(key);
    }
    return value;
  }

  double decibels(String key) {
    return number(key, -Double.MAX_VALUE, Double.MAX_VALUE);
  }

  double cosine(String key) {
    return number(key, -1 - ROUNDING, 1 + ROUNDING);
  }

  /** A float32 of the model. */
  float single(String key) {
    return (float) number(key, -Float.MAX_VALUE, Float.MAX_VALUE);
  }

  Optional<Double> share(String key) {
    return Optional.of(number(key, 0, 1)).filter(share -> !Double.isNaN(share));
  }

  /** Reads a required count. */
  long count(String key) {
    long count = StrictJson.integer(node, key, where);
    if (count < 0) {
      throw impossible(key);
    }
    return count;
  }

  /** Reads a count or an index that fits an int. */
  int size(String key) {
    long size = count(key);
    if (size > Integer.MAX_VALUE) {
      throw impossible(key);
    }
    return (int) size;
  }

  /** The number of an axis; -1 is the last. */
  int axis(String key) {
    long axis = StrictJson.integer(node, key, where);
    if (axis < -1 || axis > Integer.MAX_VALUE) {
      throw impossible(key);
    }
    return (int) axis;
  }

  boolean flag(String key) {
    if (!node.path(key).isBoolean()) {
      throw impossible(key);
    }
    return node.get(key).booleanValue();
  }

  String text(String key) {
    return StrictJson.text(node, key, where);
  }

  List<Double> numbers(String key) {
    List<Double> numbers = new ArrayList<>();
    for (JsonNode value : elements(key)) {
      if (!value.isNumber() && !value.isNull()) {
        throw impossible(key);
      }
      numbers.add(value.isNumber() ? value.doubleValue() : Double.NaN);
    }
    return numbers;
  }

  List<Float> floats(String key) {
    return numbers(key).stream().map(Double::floatValue).toList();
  }

  List<String> texts(String key) {
    List<String> texts = new ArrayList<>();
    for (JsonNode value : elements(key)) {
      if (!value.isTextual()) {
        throw impossible(key);
      }
      texts.add(value.textValue());
    }
    return texts;
  }

  List<ObjectNode> objects(String key) {
    List<ObjectNode> objects = new ArrayList<>();
    for (JsonNode value : elements(key)) {
      objects.add(StrictJson.object(value, key, where));
    }
    return objects;
  }

  private Iterable<JsonNode> elements(String key) {
    return node.has(key) ? StrictJson.array(node, key, where) : List.of();
  }

  /** Creates the exception for an impossible value. */
  TareException impossible(String key) {
    String value = String.valueOf(node.get(key));
    return TareException.badInput(
        "%s: '%s' cannot be %s"
            .formatted(where, key, value.length() > 80 ? value.substring(0, 80) + "..." : value));
  }
}
