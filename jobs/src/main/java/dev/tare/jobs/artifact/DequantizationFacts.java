package dev.tare.jobs.artifact;

import com.fasterxml.jackson.databind.node.ObjectNode;

/**
 * What a run records about dequantized weights.
 *
 * @param constants how many
 */
public record DequantizationFacts(int constants) implements FactSection {

  static DequantizationFacts fromJson(FactReader in) {
    return new DequantizationFacts(in.size("constants"));
  }

  /** Returns the JSON object stored in a manifest. */
  @Override
  public ObjectNode toJson() {
    return StrictJson.object().put("constants", constants);
  }
}
