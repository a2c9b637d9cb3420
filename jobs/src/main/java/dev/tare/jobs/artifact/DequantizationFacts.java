package dev.tare.jobs.artifact;

import com.fasterxml.jackson.databind.node.ObjectNode;

/**
 * What a run says of weights that became float again.
 *
 * @param constants how many
 */
public record DequantizationFacts(int constants) implements FactSection {

  static DequantizationFacts fromJson(FactReader in) {
    return new DequantizationFacts(in.size("constants"));
  }

  /** The object that a manifest has for them. */
  @Override
  public ObjectNode toJson() {
    return StrictJson.object().put("constants", constants);
  }
}
