package dev.tare.engine.graph;

import dev.tare.engine.tensor.Shape;
import java.util.Optional;

/**
 * An operator that looks up rows of a constant float table.
 *
 * @param node name of the node, unique in the model
 * @param opType type as the model's format names it
 * @param table the constant tensor
 * @param tableShape shape of the table, rows first; rank at least 2
 */
public record EmbeddingNode(String node, String opType, String table, Shape tableShape) {

  /** Returns the node as an operator with a weight, with a scale for each row. */
  public QuantizableNode asQuantizable() {
    return new QuantizableNode(
        node, opType, "", 1, table, 0, tableShape, 0, Optional.empty(), 1, WeightUse.ROWS);
  }
}
