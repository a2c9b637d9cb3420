package dev.tare.jobs.artifact;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tare.jobs.JsonText;

/**
 * A summary of a run's quality; {@link Quality} has all figures.
 *
 * @param samples held-out samples
 * @param heldOut how they were separated from calibration samples
 * @param vector name of the headline output
 * @param cosineMean mean over samples of its cosine; NaN if no value was compared
 * @param cosineMin the smallest
 */
public record EvaluationFacts(
    long samples, String heldOut, String vector, double cosineMean, double cosineMin)
    implements FactSection {

  /** Creates the facts from a measured quality. */
  public static EvaluationFacts of(Quality quality) {
    Quality.OutputQuality headline = quality.headline();
    return new EvaluationFacts(
        quality.samples(),
        quality.heldOut(),
        headline.name(),
        headline.cosineMean(),
        headline.cosineMin());
  }

  static EvaluationFacts fromJson(FactReader in) {
    return new EvaluationFacts(
        in.count("samples"),
        in.text("held-out"),
        in.text("vector"),
        in.figure("cosine-mean"),
        in.figure("cosine-min"));
  }

  /** Returns the JSON object stored in a manifest. */
  @Override
  public ObjectNode toJson() {
    ObjectNode node = StrictJson.object();
    node.put("samples", samples);
    node.put("held-out", heldOut);
    node.put("vector", vector);
    JsonText.put(node, "cosine-mean", cosineMean);
    JsonText.put(node, "cosine-min", cosineMin);
    return node;
  }
}
