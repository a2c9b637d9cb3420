package dev.tare.jobs.evaluate;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;

/** The quality report as JSON, format version 1; numbers that JSON lacks are null. */
public final class QualityJson {

  private static final int FORMAT_VERSION = 1;
  private static final ObjectMapper MAPPER = new ObjectMapper();

  private QualityJson() {}

  /**
   * The report.
   *
   * @param heldOut how the samples were kept apart from calibration
   */
  public static String format(Quality quality, String heldOut) {
    ObjectNode root = MAPPER.createObjectNode();
    root.put("format-version", FORMAT_VERSION);
    root.put("samples", quality.samples());
    root.put("held-out", heldOut);
    ArrayNode processors = root.putArray("cpus");
    quality.cpus().forEach(processors::add);
    root.put("gate", quality.gate().outcome());
    ArrayNode failures = root.putArray("gate-failures");
    quality.gate().failures().forEach(failures::add);
    ArrayNode outputs = root.putArray("outputs");
    for (Quality.OutputQuality output : quality.outputs()) {
      ObjectNode node = outputs.addObject();
      node.put("name", output.name());
      node.put("vector", output.pooled() ? "mean-pooled, normalized" : "as is");
      put(node, "sqnr-db", output.sqnrDb());
      ObjectNode cosine = node.putObject("cosine");
      put(cosine, "mean", output.cosineMean());
      put(cosine, "min", output.cosineMin());
      output.cosinePercentiles().forEach((p, value) -> put(cosine, "p" + p, value));
      output.argmaxAgreement().ifPresent(share -> put(node, "argmax-agreement", share));
    }
    quality
        .nearestNeighbour()
        .ifPresent(
            share -> {
              put(root, "nearest-neighbour-agreement", share);
              root.put("nearest-neighbour-samples", quality.neighbourSamples());
            });
    put(root, "quantized-time-over-float", quality.timeRatio());
    try {
      return MAPPER.writerWithDefaultPrettyPrinter().writeValueAsString(root) + "\n";
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("A tree of plain values can be written", e);
    }
  }

  private static void put(ObjectNode node, String key, double value) {
    if (Double.isFinite(value)) {
      node.put(key, value);
    } else {
      node.putNull(key);
    }
  }
}
