package dev.tare.jobs.storage;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tare.jobs.TareException;
import dev.tare.jobs.artifact.Manifest;
import dev.tare.jobs.artifact.Part;
import dev.tare.jobs.artifact.StrictJson;
import java.io.IOException;
import java.util.Set;

/**
 * What an evaluation measured, read back: {@code quality.json}, whose keys may grow in number.
 * Those that are known have their types and bounds, so that no figure can be shown that none can
 * be.
 */
public final class QualityDocument {
  private static final Set<String> GATES = Set.of("passed", "failed", "none");

  /** Cosines of float vectors may exceed 1 by rounding. */
  private static final double ROUNDING = 1e-3;

  private QualityDocument() {}

  /**
   * The document of a run.
   *
   * @throws TareException (bad input) if the run has none, it is damaged, or a value cannot be; the
   *     message names file and key
   */
  public static ObjectNode of(FinishedRun run) throws IOException {
    String where = run.path(Part.QUALITY).toString();
    ObjectNode root = StrictJson.parse(run.verifiedText(Part.QUALITY), where);
    require(StrictJson.integer(root, "samples", where) >= 0, root, "samples", where);
    require(GATES.contains(StrictJson.text(root, "gate", where)), root, "gate", where);
    String gate = run.manifest().properties().path(Manifest.GATE).asText("none");
    if (!gate.equals(root.get("gate").textValue())) {
      throw TareException.badInput(
          "%s: 'gate' is %s, but the manifest states %s".formatted(where, root.get("gate"), gate));
    }
    texts(root, "gate-failures", where);
    texts(root, "cpus", where);
    share(root, "nearest-neighbour-agreement", where);
    number(root, "quantized-time-over-float", where, 0, Double.MAX_VALUE);
    for (JsonNode node : StrictJson.array(root, "outputs", where)) {
      ObjectNode output = StrictJson.object(node, "outputs", where);
      String name = StrictJson.text(output, "name", where + ", outputs");
      output(output, "%s, output '%s'".formatted(where, name));
    }
    if (root.has("sensitivity")) {
      sensitivity(StrictJson.child(root, "sensitivity", where), where + ", sensitivity");
    }
    return root;
  }

  private static void output(ObjectNode output, String where) {
    number(output, "sqnr-db", where, -Double.MAX_VALUE, Double.MAX_VALUE);
    ObjectNode cosine = StrictJson.child(output, "cosine", where);
    cosine.fieldNames().forEachRemaining(key -> cosine(cosine, key, where + ", cosine"));
    share(output, "argmax-agreement", where);
    if (output.has("per-sample")) {
      ObjectNode samples = StrictJson.child(output, "per-sample", where);
      numbers(samples, "cosine-quantiles", where);
      numbers(samples, "sqnr-db-quantiles", where);
      if (samples.has("worst")) {
        for (JsonNode node : StrictJson.array(samples, "worst", where)) {
          ObjectNode worst = StrictJson.object(node, "worst", where);
          StrictJson.text(worst, "sample", where + ", worst");
          cosine(worst, "cosine", where + ", worst");
          number(worst, "sqnr-db", where, -Double.MAX_VALUE, Double.MAX_VALUE);
        }
      }
    }
    if (output.has("values")) {
      ObjectNode values = StrictJson.child(output, "values", where);
      numbers(values, "float", where);
      numbers(values, "quantized", where);
      require(
          values.path("float").size() == values.path("quantized").size(), output, "values", where);
    }
  }

  private static void sensitivity(ObjectNode node, String where) {
    require(StrictJson.integer(node, "samples", where) >= 0, node, "samples", where);
    cosine(node, "cosine-mean", where);
    number(node, "sqnr-db", where, -Double.MAX_VALUE, Double.MAX_VALUE);
    for (JsonNode each : StrictJson.array(node, "operators", where)) {
      ObjectNode operator = StrictJson.object(each, "operators", where);
      StrictJson.text(operator, "node", where + ", operators");
      cosine(operator, "cosine-mean", where);
      number(operator, "sqnr-db", where, -Double.MAX_VALUE, Double.MAX_VALUE);
    }
  }

  private static void cosine(ObjectNode node, String key, String where) {
    number(node, key, where, -1 - ROUNDING, 1 + ROUNDING);
  }

  private static void share(ObjectNode node, String key, String where) {
    number(node, key, where, 0, 1);
  }

  /** A number between two; null and absent are figures that JSON or an older version lacks. */
  private static void number(ObjectNode node, String key, String where, double low, double high) {
    if (node.hasNonNull(key)) {
      double value = node.get(key).isNumber() ? node.get(key).doubleValue() : Double.NaN;
      require(value >= low && value <= high, node, key, where);
    }
  }

  private static void numbers(ObjectNode node, String key, String where) {
    if (node.has(key)) {
      for (JsonNode value : StrictJson.array(node, key, where)) {
        require(value.isNumber() || value.isNull(), node, key, where);
      }
    }
  }

  private static void texts(ObjectNode node, String key, String where) {
    if (node.has(key)) {
      for (JsonNode value : StrictJson.array(node, key, where)) {
        require(value.isTextual(), node, key, where);
      }
    }
  }

  private static void require(boolean valid, ObjectNode node, String key, String where) {
    if (!valid) {
      throw TareException.badInput(
          "%s: '%s' cannot be %s".formatted(where, key, shortened(node.get(key))));
    }
  }

  private static String shortened(JsonNode value) {
    String text = String.valueOf(value);
    return text.length() > 80 ? text.substring(0, 80) + "..." : text;
  }
}
