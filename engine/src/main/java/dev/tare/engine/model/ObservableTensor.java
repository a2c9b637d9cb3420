package dev.tare.engine.model;

import java.util.OptionalInt;

/**
 * An activation tensor that {@link Observation} chose.
 *
 * @param name tensor name
 * @param channelAxis axis of its channels, negative when counted from the back; empty where no
 *     operator that reads or makes it tells
 */
public record ObservableTensor(String name, OptionalInt channelAxis) {}
