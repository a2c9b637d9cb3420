package dev.tare.engine.recipe;

import dev.tare.engine.tensor.Shape;

/**
 * An operator that takes rows of a constant float table.
 *
 * @param node name of the node, unique in the model
 * @param table the constant tensor
 * @param tableShape shape of the table, rows first; rank at least 2
 */
public record EmbeddingNode(String node, String table, Shape tableShape) {}
