package dev.tare.jobs.artifact;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tare.jobs.TareException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.function.Predicate;

/**
 * Reads one object of a manifest's facts. Every error names manifest and key; a key that was not
 * read is an error. Not thread-safe; confined to one reading.
 */
final class FactReader {

  private static final String COUNT = "a whole number, not negative";

  private final ObjectNode node;
  private final String prefix;
  private final String where;
  private final Set<String> asked = new TreeSet<>();

  private FactReader(ObjectNode node, String prefix, String where) {
    this.node = node;
    this.prefix = prefix;
    this.where = where;
  }

  /**
   * Reads an object.
   *
   * @param prefix prefix of its keys in messages, including the dot
   * @param where name of the manifest in errors
   * @param facts reads every key that the object may have
   * @throws TareException (bad input) if a value is not valid, or there is an unknown key
   */
  static <T> T read(ObjectNode object, String prefix, String where, Function<FactReader, T> facts) {
    FactReader reader = new FactReader(object, prefix, where);
    T read;
    try {
      read = facts.apply(reader);
    } catch (IllegalArgumentException e) {
      throw TareException.badInput("%s: %s".formatted(where, e.getMessage()), e);
    }
    StrictJson.allow(object, reader.asked, prefix, where);
    return read;
  }

  boolean has(String key) {
    return node.has(key);
  }

  /** Nested facts; empty if the key is absent. */
  <T> Optional<T> section(String key, Function<FactReader, T> facts) {
    return optional(key, ObjectNode.class::isInstance, "an object")
        .map(object -> read((ObjectNode) object, prefix + key + ".", where, facts));
  }

  String sha256(String key) {
    return required(key, FactReader::isSha256, "a sha256").textValue();
  }

  String text(String key) {
    return required(key, JsonNode::isTextual, "a text").textValue();
  }

  Optional<String> optionalText(String key) {
    return optional(key, JsonNode::isTextual, "a text").map(JsonNode::textValue);
  }

  long count(String key) {
    return required(key, FactReader::isCount, COUNT).longValue();
  }

  OptionalLong optionalCount(String key) {
    return optional(key, FactReader::isCount, COUNT).stream()
        .mapToLong(JsonNode::longValue)
        .findFirst();
  }

  int size(String key) {
    return required(key, FactReader::isSize, COUNT).intValue();
  }

  OptionalInt optionalSize(String key) {
    return optional(key, FactReader::isSize, COUNT).stream()
        .mapToInt(JsonNode::intValue)
        .findFirst();
  }

  /** Reads a measured figure; NaN if JSON cannot represent it. */
  double figure(String key) {
    JsonNode value = required(key, v -> v.isNumber() || v.isNull(), "a number or null");
    return value.isNull() ? Double.NaN : value.doubleValue();
  }

  /** A time in seconds. */
  double seconds(String key) {
    return required(key, v -> v.isNumber() && v.doubleValue() >= 0, "seconds").doubleValue();
  }

  /** Texts in their order; none if the key is absent. */
  List<String> texts(String key) {
    return optionalTexts(key).orElse(List.of());
  }

  Optional<List<String>> optionalTexts(String key) {
    return optional(key, FactReader::isTexts, "an array of texts")
        .map(
            array -> {
              List<String> texts = new ArrayList<>();
              array.forEach(text -> texts.add(text.textValue()));
              return List.copyOf(texts);
            });
  }

  /** Reads counts by name. */
  SortedMap<String, Long> counts(String key) {
    SortedMap<String, Long> counts = new TreeMap<>();
    for (Map.Entry<String, JsonNode> entry :
        required(key, FactReader::isCounts, "an object of whole numbers").properties()) {
      counts.put(entry.getKey(), entry.getValue().longValue());
    }
    return counts;
  }

  private JsonNode required(String key, Predicate<JsonNode> valid, String expected) {
    return optional(key, valid, expected).orElseThrow(() -> wrong(key, expected, "absent"));
  }

  private Optional<JsonNode> optional(String key, Predicate<JsonNode> valid, String expected) {
    asked.add(key);
    Optional<JsonNode> value = Optional.ofNullable(node.get(key));
    if (value.isPresent() && !valid.test(value.get())) {
      throw wrong(key, expected, value.get().toString());
    }
    return value;
  }

  /** Creates the exception for a value that is not as expected. */
  TareException wrong(String key, String expected, String actual) {
    return TareException.badInput(
        "%s: '%s%s' must be %s, not %s".formatted(where, prefix, key, expected, actual));
  }

  private static boolean isSha256(JsonNode node) {
    return node.isTextual() && Digest.isSha256(node.textValue());
  }

  private static boolean isCount(JsonNode node) {
    return node.isIntegralNumber() && node.canConvertToLong() && node.longValue() >= 0;
  }

  private static boolean isSize(JsonNode node) {
    return isCount(node) && node.canConvertToInt();
  }

  private static boolean isTexts(JsonNode node) {
    boolean texts = node.isArray();
    for (JsonNode element : node) {
      texts &= element.isTextual();
    }
    return texts;
  }

  private static boolean isCounts(JsonNode node) {
    boolean counts = node.isObject();
    for (JsonNode element : node) {
      counts &= isCount(element);
    }
    return counts;
  }
}
