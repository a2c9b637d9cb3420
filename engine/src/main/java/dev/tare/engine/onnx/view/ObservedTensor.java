package dev.tare.engine.onnx.view;

import java.util.OptionalInt;

/**
 * An activation tensor to observe.
 *
 * @param name tensor name
 * @param channelAxis axis of its channels, negative when counted from the back; empty where no
 *     operator that reads or makes it tells
 */
public record ObservedTensor(String name, OptionalInt channelAxis) {}
