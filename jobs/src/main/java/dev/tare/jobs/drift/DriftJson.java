package dev.tare.jobs.drift;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tare.engine.statistics.StateKind;
import dev.tare.jobs.JsonText;
import java.util.List;

/** Writes the comparison as JSON, format version 1; numbers that JSON cannot represent are null. */
public final class DriftJson {

  private static final int FORMAT_VERSION = 1;

  private DriftJson() {}

  /**
   * Formats the document of {@code tare drift --json}.
   *
   * @param baseline location of the baseline
   * @param current location of the current statistics
   */
  public static String format(
      DriftResult result, DriftLimits limits, String baseline, String current) {
    ObjectNode root = JsonText.object();
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
      tensor(tensors.addObject(), tensor, limits.exceeded(tensor));
    }
    ObjectNode oneSided = root.putObject("only-in");
    result.oneSided().forEach(oneSided::put);
    kind(root, "moments", "mean-moved", result.of(StateKind.MOMENTS));
    kind(root, "gram", "products-changed", result.of(StateKind.GRAM));
    return JsonText.format(root);
  }

  private static void kind(ObjectNode root, String key, String figure, List<KindDrift> moved) {
    if (moved.isEmpty()) {
      return;
    }
    ArrayNode all = root.putArray(key);
    for (KindDrift each : moved) {
      ObjectNode node = all.addObject();
      node.put("tensor", each.tensor());
      each.channel().ifPresent(channel -> node.put("channel", channel));
      JsonText.put(node, figure, each.moved());
    }
  }

  private static void tensor(ObjectNode node, TensorDrift tensor, List<String> exceeded) {
    node.put("tensor", tensor.tensor());
    node.put("baseline-count", tensor.baselineCount());
    node.put("current-count", tensor.currentCount());
    JsonText.put(node, "psi", tensor.drift().psi());
    JsonText.put(node, "jensen-shannon", tensor.drift().jensenShannon());
    JsonText.put(node, "kolmogorov-smirnov", tensor.drift().kolmogorovSmirnov());
    JsonText.put(node, "non-finite-increase", tensor.drift().nonFiniteIncrease());
    tensor
        .fit()
        .ifPresent(
            fit -> {
              JsonText.put(node, "baseline-clipped", fit.baselineClipped());
              JsonText.put(node, "current-clipped", fit.currentClipped());
              JsonText.put(node, "baseline-sqnr-db", fit.baselineSqnrDb());
              JsonText.put(node, "current-sqnr-db", fit.currentSqnrDb());
            });
    ArrayNode over = node.putArray("passed-limits");
    exceeded.forEach(over::add);
  }
}
