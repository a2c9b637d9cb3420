package dev.tare.jobs.artifact;

import com.fasterxml.jackson.databind.node.ObjectNode;

/** A section of {@link RunFacts}: what one stage says, or what is said of the data. */
public sealed interface FactSection
    permits CalibrationFacts,
        SelectionFacts,
        QuantizationFacts,
        DequantizationFacts,
        EvaluationFacts,
        DataFacts {

  /** The tree that a manifest keeps of it. */
  ObjectNode toJson();
}
