package dev.tare.engine.model;

import java.util.OptionalInt;

/**
 * An activation tensor that {@link Observation} chose.
 *
 * @param name tensor name
 * @param channelAxis axis of its channels, negative when counted from the end; empty if it does not
 *     follow from an operator that reads or computes it
 */
public record ObservableTensor(String name, OptionalInt channelAxis) {}
