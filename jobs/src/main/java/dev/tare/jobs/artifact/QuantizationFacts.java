package dev.tare.jobs.artifact;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tare.engine.target.Targets;

/**
 * What a run records about its quantized weights.
 *
 * @param target name of the runtime that the model is for; earlier runs do not say it: the default
 * @param constants how many constants became integers
 * @param weightBytes bytes of their integers
 * @param floatModelBytes bytes of the float model with its data files
 */
public record QuantizationFacts(
    String target, int constants, long weightBytes, long floatModelBytes) implements FactSection {

  static QuantizationFacts fromJson(FactReader in) {
    return new QuantizationFacts(
        in.optionalText("target").orElse(Targets.DEFAULT.name()),
        in.size("constants"),
        in.count("weight-bytes"),
        in.count("float-model-bytes"));
  }

  /** Returns the JSON object stored in a manifest. */
  @Override
  public ObjectNode toJson() {
    ObjectNode node = StrictJson.object();
    node.put("target", target);
    node.put("constants", constants);
    node.put("weight-bytes", weightBytes);
    node.put("float-model-bytes", floatModelBytes);
    return node;
  }
}
