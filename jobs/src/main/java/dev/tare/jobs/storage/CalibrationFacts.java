package dev.tare.jobs.storage;

import com.fasterxml.jackson.databind.JsonNode;
import dev.tare.jobs.TareException;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.regex.Pattern;

/**
 * What the manifest of a run says of its statistics.
 *
 * @param contentSha256 identity of their content
 * @param modelSha256 the model that was observed
 * @param samples how many it was run on
 * @param tensors what was observed; empty where an older manifest does not tell
 */
public record CalibrationFacts(
    String contentSha256, String modelSha256, long samples, Optional<Set<String>> tensors) {

  /** Where they stand among a manifest's properties. */
  public static final String PROPERTY = "calibration";

  private static final Pattern SHA256 = Pattern.compile("[0-9a-f]{64}");
  private static final List<String> TEXTS =
      List.of("tensors", "onnxruntime", "cpu-features", "cpus", "executors", "mixed");

  /**
   * Reads them.
   *
   * @throws TareException (bad input) if the run has no statistics, or a value is none that this
   *     program writes; the message names run and key
   */
  public static CalibrationFacts of(FinishedRun run) {
    JsonNode node = run.manifest().properties().path(PROPERTY);
    if (!node.has("content-sha256")) {
      throw TareException.badInput(
          "Run %s has no statistics; it was made by: %s"
              .formatted(run.folder().path(), String.join(", ", run.manifest().stages())));
    }
    require(run, node, "content-sha256", CalibrationFacts::isHash, "a sha256");
    require(run, node, "model-sha256", CalibrationFacts::isHash, "a sha256");
    require(run, node, "samples", CalibrationFacts::isCount, "a whole number, not negative");
    if (node.has("channel-bits")) {
      require(run, node, "channel-bits", CalibrationFacts::isCount, "a whole number");
    }
    for (String key : TEXTS) {
      if (node.has(key)) {
        require(run, node, key, CalibrationFacts::isTexts, "an array of texts");
      }
    }
    Optional<Set<String>> tensors = Optional.empty();
    if (node.has("tensors")) {
      Set<String> names = new LinkedHashSet<>();
      node.get("tensors").forEach(name -> names.add(name.textValue()));
      tensors = Optional.of(Set.copyOf(names));
    }
    return new CalibrationFacts(
        node.get("content-sha256").textValue(),
        node.get("model-sha256").textValue(),
        node.get("samples").longValue(),
        tensors);
  }

  private static void require(
      FinishedRun run, JsonNode node, String key, Predicate<JsonNode> valid, String expected) {
    if (!valid.test(node.path(key))) {
      throw TareException.badInput(
          "The manifest of run %s: '%s.%s' must be %s, not %s"
              .formatted(
                  run.folder().path(),
                  PROPERTY,
                  key,
                  expected,
                  node.has(key) ? node.get(key) : "absent"));
    }
  }

  private static boolean isHash(JsonNode node) {
    return node.isTextual() && SHA256.matcher(node.textValue()).matches();
  }

  private static boolean isCount(JsonNode node) {
    return node.isIntegralNumber() && node.canConvertToLong() && node.longValue() >= 0;
  }

  private static boolean isTexts(JsonNode node) {
    boolean texts = node.isArray();
    for (JsonNode element : node) {
      texts &= element.isTextual();
    }
    return texts;
  }
}
