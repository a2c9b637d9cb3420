package dev.tare.jobs;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;

/** Measured figures as JSON for other programs; numbers that JSON lacks are null. */
public final class JsonText {

  private static final ObjectMapper MAPPER = new ObjectMapper();

  private JsonText() {}

  /** An empty object, whose keys keep the order in which they are put. */
  public static ObjectNode object() {
    return MAPPER.createObjectNode();
  }

  /** Puts a number, or null in place of NaN and the infinities. */
  public static void put(ObjectNode node, String key, double value) {
    if (Double.isFinite(value)) {
      node.put(key, value);
    } else {
      node.putNull(key);
    }
  }

  /** Indented text with a line feed at its end. */
  public static String format(ObjectNode root) {
    try {
      return MAPPER.writerWithDefaultPrettyPrinter().writeValueAsString(root) + "\n";
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("A tree of plain values can be written", e);
    }
  }
}
