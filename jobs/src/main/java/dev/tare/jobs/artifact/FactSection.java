package dev.tare.jobs.artifact;

import com.fasterxml.jackson.databind.node.ObjectNode;

/** A section of {@link RunFacts}: the facts of one stage, or of the data. */
public sealed interface FactSection
    permits CalibrationFacts,
        SelectionFacts,
        QuantizationFacts,
        DequantizationFacts,
        EvaluationFacts,
        DataFacts {

  /** Returns the JSON object stored in a manifest. */
  ObjectNode toJson();
}
