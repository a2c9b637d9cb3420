package dev.tare.jobs.input;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Map;
import java.util.Optional;

/**
 * Checks the regular expressions of a tokenizer before the native library runs them. The library
 * backtracks when a part of a pattern can match in many ways, and ends the process when it gives
 * up.
 */
final class TokenizerPatterns {

  private static final String REGEX = "Regex";

  private TokenizerPatterns() {}

  /**
   * @param root of the {@code tokenizer.json}
   * @throws InputException if a pattern may take more than linear time at one place of a text
   */
  static void requireLinear(JsonNode root, String tokenizer) {
    for (Map.Entry<String, JsonNode> part : root.properties()) {
      // Tokens and merges are many, and contain no patterns.
      if (!part.getKey().equals("model") && !part.getKey().equals("added_tokens")) {
        look(part.getValue(), part.getKey(), tokenizer);
      }
    }
  }

  private static void look(JsonNode node, String place, String tokenizer) {
    for (Map.Entry<String, JsonNode> child : node.properties()) {
      if (child.getKey().equals(REGEX) && child.getValue().isTextual()) {
        Optional<String> fault = Backtracking.faultOf(child.getValue().asText());
        if (fault.isPresent()) {
          throw new InputException(
              "Cannot use tokenizer %s: the pattern '%s' of its %s may try without end, %s"
                  .formatted(tokenizer, cut(child.getValue().asText()), place, fault.get()));
        }
      }
      look(child.getValue(), place, tokenizer);
    }
    if (node.isArray()) {
      node.forEach(element -> look(element, place, tokenizer));
    }
  }

  private static String cut(String pattern) {
    return pattern.length() <= 80 ? pattern : pattern.substring(0, 80) + "...";
  }
}
