package dev.tare.jobs.drift;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;

/** The comparison as JSON, format version 1; numbers that JSON lacks are null. */
public final class DriftJson {

  private static final int FORMAT_VERSION = 1;
  private static final ObjectMapper MAPPER = new ObjectMapper();

  private DriftJson() {}

  /**
   * Formats.
   *
   * @param baseline where the baseline stands
   * @param current where the current statistics stand
   */
  public static String format(
      DriftResult result, DriftLimits limits, String baseline, String current) {
    ObjectNode root = MAPPER.createObjectNode();
    root.put("format-version", FORMAT_VERSION);
    root.put("baseline", baseline);
    root.put("current", current);
    ObjectNode most = root.putObject("limits");
    most.put("psi", limits.psi());
    most.put("jensen-shannon", limits.jensenShannon());
    most.put("kolmogorov-smirnov", limits.kolmogorovSmirnov());
    most.put("clip-increase", limits.clipIncrease());
    most.put("non-finite", limits.nonFinite());
    ArrayNode tensors = root.putArray("tensors");
    for (TensorDrift tensor : result.tensors()) {
      tensor(tensors.addObject(), tensor, limits.passed(tensor));
    }
    ObjectNode oneSided = root.putObject("only-in");
    result.oneSided().forEach(oneSided::put);
    try {
      return MAPPER.writerWithDefaultPrettyPrinter().writeValueAsString(root) + "\n";
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("A tree of plain values can be written", e);
    }
  }

  private static void tensor(ObjectNode node, TensorDrift tensor, List<String> passed) {
    node.put("tensor", tensor.tensor());
    node.put("baseline-count", tensor.baselineCount());
    node.put("current-count", tensor.currentCount());
    put(node, "psi", tensor.drift().psi());
    put(node, "jensen-shannon", tensor.drift().jensenShannon());
    put(node, "kolmogorov-smirnov", tensor.drift().kolmogorovSmirnov());
    put(node, "non-finite-increase", tensor.drift().nonFiniteIncrease());
    tensor
        .fit()
        .ifPresent(
            fit -> {
              put(node, "baseline-clipped", fit.baselineClipped());
              put(node, "current-clipped", fit.currentClipped());
              put(node, "baseline-sqnr-db", fit.baselineSqnrDb());
              put(node, "current-sqnr-db", fit.currentSqnrDb());
            });
    ArrayNode over = node.putArray("passed-limits");
    passed.forEach(over::add);
  }

  private static void put(ObjectNode node, String key, double value) {
    if (Double.isFinite(value)) {
      node.put(key, value);
    } else {
      node.putNull(key);
    }
  }
}
