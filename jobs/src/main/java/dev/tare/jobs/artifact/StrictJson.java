package dev.tare.jobs.artifact;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.util.DefaultIndenter;
import com.fasterxml.jackson.core.util.DefaultPrettyPrinter;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tare.jobs.TareException;
import java.io.UncheckedIOException;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.Iterator;
import java.util.Set;

/**
 * Strict reading and writing of the JSON in run folders. Every reader fails as bad input ({@link
 * TareException}) with a message that names the document and the key.
 */
public final class StrictJson {
  private static final JsonMapper MAPPER =
      JsonMapper.builder()
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .build();
  private static final Instant END_OF_TIME = Instant.parse("9999-12-31T00:00:00Z");
  private static final DefaultPrettyPrinter PRINTER =
      new DefaultPrettyPrinter()
          .withObjectIndenter(new DefaultIndenter("  ", "\n"))
          .withArrayIndenter(new DefaultIndenter("  ", "\n"));

  private StrictJson() {}

  /** Creates an empty object that keeps the order of its keys. */
  public static ObjectNode object() {
    return MAPPER.createObjectNode();
  }

  /**
   * Formats indented text with a final line feed; the same tree gives the same bytes on every
   * system.
   */
  public static String format(JsonNode tree) {
    try {
      return MAPPER.writer(PRINTER).writeValueAsString(tree) + "\n";
    } catch (JsonProcessingException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * Reads an object.
   *
   * @param where name of the document in errors
   * @throws TareException (bad input) if the text is not a JSON object without repeated keys
   */
  public static ObjectNode parse(String text, String where) {
    try {
      if (MAPPER.readTree(text) instanceof ObjectNode object) {
        return object;
      }
      throw TareException.badInput("%s is not a JSON object".formatted(where));
    } catch (JsonProcessingException e) {
      throw TareException.badInput(
          "%s is not valid JSON: %s".formatted(where, e.getOriginalMessage()), e);
    }
  }

  /**
   * Reads a document of one version, whose keys are all known.
   *
   * @throws TareException (bad input) if it is not valid, or of another version
   */
  public static ObjectNode parse(String text, int version, Set<String> keys, String where) {
    ObjectNode root = parse(text, where);
    requireVersion(root, version, where);
    allow(root, keys, where);
    return root;
  }

  /** Refuses a document of another format version. */
  static void requireVersion(ObjectNode root, int version, String where) {
    long stated = integer(root, "format-version", where);
    if (stated != version) {
      throw TareException.badInput(
          "%s has format version %d; this program reads %d".formatted(where, stated, version));
    }
  }

  /** Refuses a key that this format does not have. */
  public static void allow(ObjectNode object, Set<String> keys, String where) {
    allow(object, keys, "", where);
  }

  /** Refuses a key of an object inside a document, whose keys are named with a prefix. */
  static void allow(ObjectNode object, Set<String> keys, String prefix, String where) {
    Iterator<String> names = object.fieldNames();
    while (names.hasNext()) {
      String name = names.next();
      if (!keys.contains(name)) {
        throw TareException.badInput(
            "%s has the unknown key '%s%s'".formatted(where, prefix, name));
      }
    }
  }

  /** Reads a required text. */
  public static String text(ObjectNode object, String key, String where) {
    JsonNode node = object.path(key);
    if (!node.isTextual()) {
      throw wrong(key, "a text", node, where);
    }
    return node.textValue();
  }

  /** Reads a required whole number. */
  public static long integer(ObjectNode object, String key, String where) {
    JsonNode node = object.path(key);
    if (!node.isIntegralNumber() || !node.canConvertToLong()) {
      throw wrong(key, "a whole number", node, where);
    }
    return node.longValue();
  }

  /** Reads an instant of the years 1970 to 9999. */
  public static Instant time(ObjectNode object, String key, String where) {
    try {
      Instant time = Instant.parse(text(object, key, where));
      if (!time.isBefore(Instant.EPOCH) && time.isBefore(END_OF_TIME)) {
        return time;
      }
    } catch (DateTimeException e) {
      throw TareException.badInput("%s: '%s': %s".formatted(where, key, e.getMessage()), e);
    }
    throw wrong(key, "a time of the years 1970 to 9999", object.path(key), where);
  }

  /** Reads a required object. */
  public static ObjectNode child(ObjectNode object, String key, String where) {
    if (object.path(key) instanceof ObjectNode child) {
      return child;
    }
    throw wrong(key, "an object", object.path(key), where);
  }

  /** Reads a required array. */
  public static JsonNode array(ObjectNode object, String key, String where) {
    JsonNode node = object.path(key);
    if (!node.isArray()) {
      throw wrong(key, "an array", node, where);
    }
    return node;
  }

  /** Checks that a node inside an array is an object. */
  public static ObjectNode object(JsonNode node, String key, String where) {
    if (node instanceof ObjectNode object) {
      return object;
    }
    throw wrong(key, "an array of objects", node, where);
  }

  private static TareException wrong(String key, String expected, JsonNode node, String where) {
    return TareException.badInput(
        node.isMissingNode()
            ? "%s lacks the key '%s'".formatted(where, key)
            : "%s: '%s' must be %s, not %s".formatted(where, key, expected, node));
  }
}
