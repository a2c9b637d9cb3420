package dev.tare.engine.graph;

/**
 * An operator that multiplies like those of {@link ModelGraph#nodes}, but has no constant weight
 * that can be quantized.
 *
 * @param node name, unique in the model
 * @param opType type as the model's format names it
 * @param reason why, in words
 */
public record SkippedNode(String node, String opType, String reason) {}
