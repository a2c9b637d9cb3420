package dev.tare.jobs.artifact;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tare.jobs.JsonText;

/**
 * What a run says of its quality in short; {@link Quality} says it all.
 *
 * @param samples held-out samples
 * @param heldOut how they were kept apart from calibration
 * @param vector name of the output that speaks for the model
 * @param cosineMean mean over samples of its cosine; NaN where no value was compared
 * @param cosineMin the smallest
 */
public record EvaluationFacts(
    long samples, String heldOut, String vector, double cosineMean, double cosineMin)
    implements FactSection {

  /** Facts of what was measured. */
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

  /** The object that a manifest has for them. */
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
