package dev.tare.jobs.artifact;

import com.fasterxml.jackson.databind.node.ObjectNode;

/**
 * What a run records about its quantized weights.
 *
 * @param constants how many constants became integers
 * @param weightBytes bytes of their integers
 * @param floatModelBytes bytes of the float model with its data files
 */
public record QuantizationFacts(int constants, long weightBytes, long floatModelBytes)
    implements FactSection {

  static QuantizationFacts fromJson(FactReader in) {
    return new QuantizationFacts(
        in.size("constants"), in.count("weight-bytes"), in.count("float-model-bytes"));
  }

  /** Returns the JSON object stored in a manifest. */
  @Override
  public ObjectNode toJson() {
    ObjectNode node = StrictJson.object();
    node.put("constants", constants);
    node.put("weight-bytes", weightBytes);
    node.put("float-model-bytes", floatModelBytes);
    return node;
  }
}
